import assert from 'node:assert/strict';
import { entriesInForce, versionOperations, versionsInUse } from '../../agent/daemon/publisher.ts';
import { encodeVersion } from '../../rpc/state/columns.ts';
import { type HostRow, type InterfaceRow, readVersion } from '../../rpc/state/rows.ts';
import { entryOf } from '../agent/support.ts';

describe('the versions that a host publishes', () => {
  const host = { uuid: 'h' } as HostRow;
  const entry = entryOf({ version: 'site.v1' });
  const row = (uuid: string) =>
    readVersion({ _uuid: uuid, ...encodeVersion(entry, [{ code: 'VC-BACKEND-UNKNOWN', text: 'x', missing: [] }], 0) });

  it('are each one row: a second one of the same name goes', () => {
    const operations = versionOperations(host, [row('a'), row('b')], [entry], new Map());
    const text = JSON.stringify(operations);
    assert.match(text, /\["versions","delete",\["set",\[\["uuid","b"\]\]\]\]/);
    assert.match(text, /"op":"update","table":"Compat_Version","where":\[\["_uuid","==",\["uuid","a"\]\]\]/);
  });

  it('are name spaces by device type: the same name is a row of its own in each, and none has changed', () => {
    const twin = { ...entry, deviceType: 'vhost-user-blk', digest: 'another' };
    const rows = [row('a'), readVersion({ _uuid: 'b', ...encodeVersion(twin, [], 1) })];
    assert.deepEqual(
      entriesInForce([entry, twin], rows, () => false),
      { entries: [entry, twin], changed: [] },
    );
    const text = JSON.stringify(versionOperations(host, [], [entry, twin], new Map()));
    assert.match(text, /\["versions","insert",\["set",\[\["named-uuid","version0"\],\["named-uuid","version1"\]\]\]\]/);
    assert.doesNotMatch(JSON.stringify(versionOperations(host, rows, [entry, twin], new Map())), /"versions"/);
  });

  it('stay while an interface of their device type uses them', () => {
    const twin = readVersion({ _uuid: 'b', ...encodeVersion({ ...entry, deviceType: 'vhost-user-blk' }, [], 1) });
    const inUse = versionsInUse([{ deviceType: 'vhost-user-net', version: 'site.v1' } as InterfaceRow], undefined);
    const { entries } = entriesInForce([], [row('a'), twin], inUse);
    assert.deepEqual(
      entries.map(({ deviceType }) => deviceType),
      ['vhost-user-net'],
    );
  });

  it('stay while they are the default of the host, and what was defined stays marked so', () => {
    const defined = readVersion({ _uuid: 'd', ...encodeVersion({ ...entry, origin: 'defined' }, [], 0) });
    const { entries } = entriesInForce([], [defined], versionsInUse([], 'site.v1'));
    assert.deepEqual(
      entries.map(({ version, origin }) => [version, origin]),
      [['site.v1', 'defined']],
    );
    assert.deepEqual(entriesInForce([], [defined], versionsInUse([], undefined)).entries, []);
  });

  it('are those of the table: one that left it goes', () => {
    const operations = versionOperations(host, [row('a')], [], new Map());
    assert.deepEqual(operations, [
      {
        ...{ op: 'mutate', table: 'Host', where: [['_uuid', '==', ['uuid', 'h']]] },
        mutations: [['versions', 'delete', ['set', [['uuid', 'a']]]]],
      },
    ]);
  });
});
