import assert from 'node:assert/strict';
import { join } from 'node:path';
import { entryFile } from '../../../compat-tables/entries/entry-file.ts';
import type { Json } from '../../../rpc/json/json-value.ts';
import { Database } from '../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../rpc/ovsdb/notation/schema.ts';
import { ovsMap } from '../../../rpc/ovsdb/notation/values.ts';
import { defineVersion, undefineVersion } from '../../../rpc/state/definitions.ts';
import { setDefaultVersion } from '../../../rpc/state/host-intents.ts';
import { DATABASE, loadSchemaText } from '../../../rpc/state/schema-file.ts';
import type { State } from '../../../rpc/state/state.ts';
import { Peers } from '../../peers/process.ts';
import { ENGINES, openState, seedHost } from './engines.ts';
import { abilities, entry, isError, OVS_32, OVS_213 } from './fixtures.ts';

const SITE = entry('site.a', OVS_213, { origin: 'defined' });

for (const engine of ENGINES) {
  describe(`versions that clients define, on ${engine.name}`, () => {
    const peers = new Peers();
    let state: State;
    let other: State;
    before(async function () {
      engine.check(this);
      const remote = await engine.start(peers);
      state = await openState(peers, remote, { systemId: 'sys-a' });
      other = await openState(peers, remote, { systemId: 'sys-a' });
      await seedHost(state.client, { systemId: 'sys-a', hostname: 'a.example', abilities: abilities(OVS_32) });
      await Promise.all([state, other].map((one) => one.until(() => one.hosts().length === 1)));
    });
    after(() => peers.end());

    it('stand in the host row as table files, and count the configuration up', async () => {
      const before = state.host().nextCfg;
      const { changed, nextCfg } = await defineVersion(state, { entry: SITE });
      assert.deepEqual([changed, nextCfg], [true, before + 1]);
      assert.deepEqual([...state.host().definedVersions], [['site.a', entryFile(SITE)]]);
    });

    it('are nothing to do a second time', async () => {
      const again = { ...SITE, summary: 'in other words' };
      assert.equal((await defineVersion(state, { entry: again })).changed, false);
    });

    it('never change: another content under the name is refused', async () => {
      const other = entry('site.a', OVS_32);
      await assert.rejects(
        defineVersion(state, { entry: other }),
        isError('VC-VERSION-EXISTS', /Cannot define site\.a on host a\.example.*\(defined\)/, { version: 'site.a' }),
      );
      const published = entry('upstream.ovs-dpdk.v2.13', OVS_32);
      await assert.rejects(
        defineVersion(state, { entry: published }),
        isError('VC-VERSION-EXISTS', /upstream\.ovs-dpdk\.v2\.13.*\(10-test\.json\)/),
      );
    });

    it('may bear the name of a version of another device type', async () => {
      const twin = entry('upstream.blk.v1', OVS_213);
      assert.equal((await defineVersion(state, { entry: twin }, { dryRun: true })).changed, true);
    });

    it('plan only, with dryRun', async () => {
      const { changed, operations } = await defineVersion(state, { entry: entry('site.b', OVS_213) }, { dryRun: true });
      assert.equal(changed, true);
      assert.match(JSON.stringify(operations), /site\.b/);
      assert.equal(state.host().definedVersions.has('site.b'), false);
    });

    it('are safe from two clients at once: one of two contents wins, and the other is told', async () => {
      const contents = [entry('site.c', OVS_213), entry('site.c', OVS_32)];
      const outcomes = await Promise.allSettled([
        defineVersion(state, { entry: entry('site.c', OVS_213) }),
        defineVersion(other, { entry: entry('site.c', OVS_32) }),
      ]);
      assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
      const winner = contents[outcomes.findIndex(({ status }) => status === 'fulfilled')];
      await state.until(() => state.host().definedVersions.has('site.c'));
      assert.equal(state.host().definedVersions.get('site.c'), winner && entryFile(winner));
    });

    it('can be taken back once', async () => {
      assert.equal((await undefineVersion(state, { version: 'site.c' })).changed, true);
      assert.equal(state.host().definedVersions.has('site.c'), false);
      await assert.rejects(undefineVersion(state, { version: 'site.c' }), isError('VC-VERSION-UNKNOWN', /site\.c/));
    });

    it('may be broken by a client that writes the column itself: that hides nothing else', async () => {
      const where: Json = [['system_id', '==', 'sys-a']];
      const mutations: Json = [['defined_versions', 'insert', ovsMap({ 'site.bad': '{' })]];
      await state.client.transact(DATABASE, [{ op: 'mutate', table: 'Host', where, mutations }]);
      await state.until(() => state.host().definedVersions.has('site.bad'));
      await assert.rejects(
        defineVersion(state, { entry: entry('site.bad', OVS_213) }),
        isError('VC-VERSION-EXISTS', /site\.bad/),
      );
      assert.equal((await setDefaultVersion(state, { version: 'newest' })).changed, false);
    });
  });
}

describe('the database of an earlier release', () => {
  const peers = new Peers();
  after(() => peers.end());

  it('is converted when it is opened', () => {
    const file = join(peers.folder(), 'db');
    const now = JSON.parse(loadSchemaText()) as {
      version: string;
      tables: { Host: { columns: Record<string, Json> } };
    };
    const { defined_versions: added, ...columns } = now.tables.Host.columns;
    assert.ok(added);
    const old = { ...now, version: '1.0.0', tables: { ...now.tables, Host: { ...now.tables.Host, columns } } };
    const first = Database.open({ file, schema: DatabaseSchema.fromJson(old as unknown as Json) });
    first.close();
    const second = Database.open({ file, schema: DatabaseSchema.fromJson(now as unknown as Json) });
    try {
      assert.equal(second.schema.version, now.version);
      assert.ok(second.schema.tables.get('Host')?.columns.has('defined_versions'));
    } finally {
      second.close();
    }
  });
});
