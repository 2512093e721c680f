import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Authors } from '../../../agent/manager/authors.ts';
import { adopted, entriesInForce, versionsInUse } from '../../../agent/manager/host-versions.ts';
import { PublishedRows } from '../../../agent/manager/published-rows.ts';
import { backendColumns, Publisher, versionOperations, wantedRows } from '../../../agent/manager/publisher.ts';
import { shippedTables } from '../../../base/installation.ts';
import { Log } from '../../../base/log.ts';
import { digestOf } from '../../../compat-tables/entries/digest.ts';
import type { Entry } from '../../../compat-tables/entries/entry.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';
import type { Json } from '../../../rpc/json/json-value.ts';
import { OvsdbTransactionError } from '../../../rpc/ovsdb/client/client-errors.ts';
import { encodeVersion } from '../../../rpc/state/encode-rows.ts';
import { entryOf as entryOfRow, type HostRow, readVersion, type VersionRow } from '../../../rpc/state/read-rows.ts';
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
    const operations = versionOperations(host, [rowOf('a', entry), rowOf('b', entry)], wantedRows([entry], new Map()));
    const text = JSON.stringify(operations);
    assert.match(text, /\["versions","delete",\["set",\[\["uuid","b"\]\]\]\]/);
    assert.match(text, /"op":"update","table":"Compat_Version","where":\[\["_uuid","==",\["uuid","a"\]\]\]/);
  });

  it('are name spaces by device type: the same name is a row of its own in each, and none has changed', () => {
    const rows = [rowOf('a', entry), rowOf('b', blk)];
    const wanted = wantedRows([entry, blk], new Map());
    const inForce = entriesInForce([entry, blk], [entry, blk], nobody);
    assert.deepEqual(inForce, { entries: [entry, blk], changed: [] });
    const text = JSON.stringify(versionOperations(host, [], wanted));
    assert.match(text, /\["versions","insert",\["set",\[\["named-uuid","version0"\],\["named-uuid","version1"\]\]\]\]/);
    assert.doesNotMatch(JSON.stringify(versionOperations(host, rows, wanted)), /"versions"/);
  });

  it('are written anew when they are withdrawn, and when that is taken back', () => {
    const withdrawn = { ...entry, withdrawn: { since: '2026-03-01', why: 'guests lose packets', use: 'site.v2' } };
    const change = (row: Entry, wanted: Entry) => {
      // as a replica has it: a map
      const stored = { ...rowOf('a', row), ...(row.withdrawn && { withdrawn: row.withdrawn }) };
      return JSON.stringify(versionOperations(host, [stored], wantedRows([wanted], new Map())));
    };
    const told = '"withdrawn":["map",[["since","2026-03-01"],["why","guests lose packets"],["use","site.v2"]]]';
    assert.ok(change(entry, withdrawn).includes(told), change(entry, withdrawn));
    assert.match(change(withdrawn, entry), /"withdrawn":\["map",\[\]\]/);
    const cell = new Map(Object.entries(withdrawn.withdrawn));
    const row = readVersion({ _uuid: 'a', ...encodeVersion(entry, [], 0), withdrawn: cell });
    assert.deepEqual([row.withdrawn, entryOfRow(row).withdrawn], [withdrawn.withdrawn, withdrawn.withdrawn]);
  });

  it('stay while an interface of their device type uses them', () => {
    const pinned = versionsInUse([{ deviceType: 'vhost-user-net', version: 'site.v1' }], undefined, new Set());
    const running = versionsInUse([], undefined, new Set(['vhost-user-net site.v1']));
    for (const inUse of [pinned, running]) assert.deepEqual(entriesInForce([], [entry, blk], inUse).entries, [entry]);
  });

  it('stay all of them while it is not known what runs', () => {
    const { entries } = entriesInForce([], [entry, blk], versionsInUse([], undefined, undefined));
    assert.deepEqual(entries, [entry, blk]);
  });

  it('stay while they are the default of the host, and what was defined stays marked so', () => {
    const defined = { ...entry, origin: 'defined' };
    const { entries } = entriesInForce([], [defined], versionsInUse([], 'site.v1', new Set()));
    assert.deepEqual(
      entries.map(({ version, origin }) => [version, origin]),
      [['site.v1', 'defined']],
    );
    assert.deepEqual(entriesInForce([], [defined], versionsInUse([], undefined, new Set())).entries, []);
  });

  it('are those of the rows only where an earlier release remembered nothing else, if whole and not shipped', () => {
    const shipped = whole({ version: 'upstream.v1', origin: join(shippedTables(), '10-ovs-dpdk.json') });
    const rows = [
      rowOf('a', {
        ...entry,
        virtioFeatures: 0x100000000n,
        digest: digestOf({ ...entry, virtioFeatures: 0x100000000n }),
      }),
      { ...rowOf('b', whole({ version: 'site.v2' })), digest: 'nonsense' },
      readVersion({ _uuid: 'c', ...encodeVersion({ ...blk, version: 'site.v3' }, [], 1), virtio_features: 'garbage' }),
      rowOf('d', whole({ ...shipped, virtioFeatures: 0x100000000n })),
    ];
    const taken = adopted(rows, [entry, shipped]);
    assert.deepEqual(
      taken.map(({ version, virtioFeatures }) => [version, virtioFeatures]),
      [['site.v1', 0x100000000n]],
    );
  });

  it('go by what was published when the table has another', () => {
    const now = whole({ version: 'site.v1', virtioFeatures: 0x100000000n });
    const { entries, changed } = entriesInForce([now], [entry], nobody);
    assert.deepEqual([entries, changed], [[entry], [now]]);
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
    const publisher = new Publisher({
      ...{ client: { transact }, log: quiet, beforehand: undefined, memory: { keepHost: () => undefined } },
      ...{ owned: { writing: () => () => undefined }, changes: { tell: () => undefined } },
      rows: new PublishedRows(new Authors('somebody')),
    });
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
    const operations = versionOperations(host, [rowOf('a', entry)], new Map());
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
