import assert from 'node:assert/strict';
import { versionOperations } from '../../agent/daemon/publisher.ts';
import { encodeVersion } from '../../rpc/state/columns.ts';
import { type HostRow, readVersion } from '../../rpc/state/rows.ts';
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
