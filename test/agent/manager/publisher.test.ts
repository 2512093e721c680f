import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { entriesInForce, versionsInUse } from '../../../agent/manager/host-versions.ts';
import { backendColumns, Publisher, versionOperations } from '../../../agent/manager/publisher.ts';
import { Log } from '../../../base/log.ts';
import { digestOf } from '../../../compat-tables/entries/digest.ts';
import type { Entry } from '../../../compat-tables/entries/entry.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';
import type { Json } from '../../../rpc/json/json-value.ts';
import { OvsdbTransactionError } from '../../../rpc/ovsdb/client/client-errors.ts';
import type { OvsdbClient } from '../../../rpc/ovsdb/client/ovsdb-client.ts';
import { encodeVersion } from '../../../rpc/state/encode-rows.ts';
import { type HostRow, type InterfaceRow, readVersion, type VersionRow } from '../../../rpc/state/read-rows.ts';
import { entryOf } from '../support.ts';

describe('the versions that a host publishes', () => {
  const host = { uuid: 'h' } as HostRow;
  const whole = (given: Partial<Entry>): Entry => {
    const entry = entryOf(given);
    return { ...entry, digest: digestOf(entry) };
  };
  const entry = whole({ version: 'site.v1' });
  const blk = whole({ version: 'site.v1', deviceType: 'vhost-user-blk' });
  const rowOf = (uuid: string, one: Entry): VersionRow =>
    readVersion({ _uuid: uuid, ...encodeVersion(one, [{ code: 'VC-BACKEND-UNKNOWN', text: 'x', missing: [] }], 0) });
  const nobody = () => false;

  it('are each one row: a second one of the same name goes', () => {
    const operations = versionOperations(host, [rowOf('a', entry), rowOf('b', entry)], [entry], new Map());
    const text = JSON.stringify(operations);
    assert.match(text, /\["versions","delete",\["set",\[\["uuid","b"\]\]\]\]/);
    assert.match(text, /"op":"update","table":"Compat_Version","where":\[\["_uuid","==",\["uuid","a"\]\]\]/);
  });

  it('are name spaces by device type: the same name is a row of its own in each, and none has changed', () => {
    const rows = [rowOf('a', entry), rowOf('b', blk)];
    const inForce = entriesInForce([entry, blk], rows, nobody);
    assert.deepEqual(inForce, { entries: [entry, blk], changed: [], broken: [] });
    const text = JSON.stringify(versionOperations(host, [], [entry, blk], new Map()));
    assert.match(text, /\["versions","insert",\["set",\[\["named-uuid","version0"\],\["named-uuid","version1"\]\]\]\]/);
    assert.doesNotMatch(JSON.stringify(versionOperations(host, rows, [entry, blk], new Map())), /"versions"/);
  });

  it('stay while an interface of their device type uses them', () => {
    const inUse = versionsInUse([{ deviceType: 'vhost-user-net', version: 'site.v1' } as InterfaceRow], undefined);
    const { entries } = entriesInForce([], [rowOf('a', entry), rowOf('b', blk)], inUse);
    assert.deepEqual(
      entries.map(({ deviceType }) => deviceType),
      ['vhost-user-net'],
    );
  });

  it('stay while they are the default of the host, and what was defined stays marked so', () => {
    const defined = rowOf('d', { ...entry, origin: 'defined' });
    const { entries } = entriesInForce([], [defined], versionsInUse([], 'site.v1'));
    assert.deepEqual(
      entries.map(({ version, origin }) => [version, origin]),
      [['site.v1', 'defined']],
    );
    assert.deepEqual(entriesInForce([], [defined], versionsInUse([], undefined)).entries, []);
  });

  it('are not those of a row that somebody changed', () => {
    const rows = [
      { ...rowOf('a', entry), virtioFeatures: 0x140000000n },
      { ...rowOf('b', { ...entry, version: 'site.v2' }), digest: 'nonsense' },
      readVersion({ _uuid: 'c', ...encodeVersion({ ...blk, version: 'site.v3' }, [], 1), virtio_features: 'garbage' }),
    ];
    const inForce = entriesInForce([entry], rows, () => true);
    assert.deepEqual(inForce, { entries: [entry], changed: [], broken: rows });
  });

  it('go by their row when it is whole and the table has another', () => {
    const now = whole({ version: 'site.v1', virtioFeatures: 0x100000000n });
    const { entries, changed } = entriesInForce([now], [rowOf('a', entry)], nobody);
    assert.deepEqual([entries.map(({ digest }) => digest), changed], [[entry.digest], [now]]);
  });

  it('are published though the database can never take one of them, which is not tried again', async () => {
    const taken: string[] = [];
    let tries = 0;
    const transact = async (_name: string, operations: Json[]): Promise<Json[]> => {
      tries += 1;
      const text = JSON.stringify(operations);
      if (text.includes('poison')) throw new OvsdbTransactionError(0, [], [{ error: 'constraint violation' }]);
      taken.push(text);
      return [];
    };
    const quiet = new Log(new Writable({ write: (_chunk, _encoding, done) => done() }), 'error');
    const publisher = new Publisher({ transact } as unknown as OvsdbClient, quiet, undefined);
    const entries = [entry, whole({ version: 'site.poison' }), whole({ version: 'site.v3' })];
    const empty = { uuid: 'h', versions: [] as readonly string[] } as HostRow;
    assert.equal(await publisher.publish(empty, [], entries, []), true);
    const all = taken.join('\n');
    for (const version of ['site.v1', 'site.v3']) assert.match(all, new RegExp(`"name":"${version}"`));
    const before = tries;
    assert.equal(await publisher.publish(empty, [], entries, []), true);
    assert.equal(tries, before);
  });

  it('are those of the table: one that left it goes', () => {
    const operations = versionOperations(host, [rowOf('a', entry)], [], new Map());
    assert.deepEqual(operations, [
      {
        ...{ op: 'mutate', table: 'Host', where: [['_uuid', '==', ['uuid', 'h']]] },
        mutations: [['versions', 'delete', ['set', [['uuid', 'a']]]]],
      },
    ]);
  });
});

describe('the name of a back-end that was measured', () => {
  const named = (release: string): string => {
    const { virtioFeatures, protocolFeatures } = findRelease(release);
    const abilities = { virtioFeatures, protocolFeatures, limits: {} };
    return JSON.stringify(
      backendColumns({ abilities, knownBy: 'measured', kinds: [], notCounted: [] }, undefined)['backend'],
    );
  };

  it('is that of the releases that offer the same, by their settings', () => {
    assert.match(
      named('ovs-3.1'),
      /"like Open vSwitch 2\.15 to 3\.1\.7 \(default\); Open vSwitch 2\.15 to 3\.7\.1 \(\+server\)"/,
    );
    assert.match(named('ovs-3.7'), /Open vSwitch 3\.2 to 3\.7\.1 \(default\);/);
  });
});
