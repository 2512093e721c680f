import assert from 'node:assert/strict';
import { isJsonObject, type Json } from '../../../rpc/json/json-value.ts';
import { ovsUuid } from '../../../rpc/ovsdb/notation/values.ts';
import { waitApplied } from '../../../rpc/state/carry-out.ts';
import { encodeInterfaceStatus } from '../../../rpc/state/encode-rows.ts';
import { addInterface, pin, removeInterface, setDefaultVersion, unpin } from '../../../rpc/state/host-intents.ts';
import { DATABASE } from '../../../rpc/state/schema-file.ts';
import type { State } from '../../../rpc/state/state.ts';
import { Peers } from '../../peers/process.ts';
import { ENGINES, followConfiguration, openState, seedHost } from './engines.ts';
import { abilities, isError, OVS_32, OVS_213 } from './fixtures.ts';

const NEW = 'upstream.ovs-dpdk.v3.2';
const OLD = 'upstream.ovs-dpdk.v2.13';

function net(name: string) {
  return { name, frontend: `listen:/run/${name}.front`, backend: `connect:/run/${name}.back` };
}

/** Writes what an agent would after measuring the back-end of an interface. */
async function measured(state: State, name: string, mask: bigint): Promise<void> {
  const where: Json = [['_uuid', '==', ovsUuid(state.interface(name).uuid)]];
  const row = { ...encodeInterfaceStatus({ abilities: abilities(mask) }) };
  await state.client.transact(DATABASE, [{ op: 'update', table: 'Interface', where, row }]);
  await state.until(() => state.interface(name).abilities?.virtioFeatures === mask);
}

const opsOf = (operations: readonly Json[]) => operations.map((one) => (isJsonObject(one) ? one['op'] : one));

for (const engine of ENGINES) {
  describe(`intents, on ${engine.name}`, () => {
    const peers = new Peers();
    let remote = '';
    let state: State;
    before(async function () {
      engine.check(this);
      remote = await engine.start(peers);
      state = await openState(peers, remote, { systemId: 'sys-a' });
      await seedHost(state.client, { systemId: 'sys-a', hostname: 'a.example', abilities: abilities(OVS_213) });
      await state.until(() => state.hosts().length === 1);
    });
    after(() => peers.end());

    it('adds an interface, and counts the configuration up', async () => {
      const result = await addInterface(state, net('vhu0'), { comment: 'vhost-compat add-interface vhu0' });
      assert.deepEqual([result.changed, result.nextCfg, result.notes], [true, 1, []]);
      assert.equal(state.host().nextCfg, 1);
      const row = state.interface('vhu0');
      assert.deepEqual(
        [row.deviceType, row.frontend, row.version],
        ['vhost-user-net', 'listen:/run/vhu0.front', undefined],
      );
    });

    it('adds an interface with a pin', async () => {
      await addInterface(state, { ...net('vhu1'), version: OLD });
      assert.equal(state.interface('vhu1').version, OLD);
    });

    it('plans without writing when asked to', async () => {
      const result = await addInterface(state, net('dry'), { dryRun: true, comment: 'c' });
      assert.deepEqual(opsOf(result.operations), ['wait', 'wait', 'insert', 'mutate', 'mutate', 'select', 'comment']);
      assert.equal(result.nextCfg, undefined);
      assert.equal(state.findInterface('dry'), undefined);
    });

    const refused: readonly {
      title: string;
      run: () => Promise<unknown>;
      code: string;
      want: RegExp;
      details?: Record<string, unknown>;
    }[] = [
      {
        title: 'a name that is taken',
        run: () => addInterface(state, net('vhu0')),
        code: 'VC-INTERFACE-EXISTS',
        want: /host a\.example has it already$/,
      },
      {
        title: 'a name that is taken by other endpoints, even with mayExist',
        run: () => addInterface(state, { ...net('vhu0'), backend: 'connect:/other', mayExist: true }),
        code: 'VC-INTERFACE-EXISTS',
        want: /its back-end is connect:\/run\/vhu0\.back, wanted connect:\/other/,
      },
      {
        title: 'a name with a space',
        run: () => addInterface(state, net('vhu 9')),
        code: 'VC-INTERFACE-NAME',
        want: /1 to 63/,
      },
      {
        title: 'an empty name',
        run: () => addInterface(state, { ...net('x'), name: '' }),
        code: 'VC-INTERFACE-NAME',
        want: /1 to 63/,
      },
      {
        title: 'a name of 64 characters',
        run: () => addInterface(state, net('n'.repeat(64))),
        code: 'VC-INTERFACE-NAME',
        want: /1 to 63/,
      },
      {
        title: 'a name with a line break',
        run: () => addInterface(state, net('a\n')),
        code: 'VC-INTERFACE-NAME',
        want: /1 to 63/,
      },
      {
        title: 'an endpoint without a role',
        run: () => addInterface(state, { ...net('x'), frontend: '/run/x' }),
        code: 'VC-ENDPOINT',
        want: /listen:PATH/,
      },
      {
        title: 'one path for both sides',
        run: () => addInterface(state, { name: 'x', frontend: 'listen:/run/x', backend: 'connect:/run/x' }),
        code: 'VC-ENDPOINT',
        want: /the same path/,
      },
      {
        title: 'a path that another interface has, on either side',
        run: () => addInterface(state, { ...net('x'), frontend: 'connect:/run/vhu0.back' }),
        code: 'VC-ENDPOINT-TAKEN',
        want: /interface vhu0 of host a\.example has this path/,
      },
      {
        title: 'a version that no table has, with the nearest one',
        run: () => addInterface(state, { ...net('x'), version: 'upstream.ovs-dpdk.v2.31' }),
        code: 'VC-VERSION-UNKNOWN',
        want: /did you mean "upstream\.ovs-dpdk\.v2\.13"/,
      },
      {
        title: 'a version of another device type',
        run: () => pin(state, { interface: 'vhu0', version: 'upstream.blk.v1' }),
        code: 'VC-VERSION-DEVICE-TYPE',
        want: /it is of device type vhost-user-blk; wanted vhost-user-net/,
      },
      {
        title: 'a version that the host cannot honour, with its blockers',
        run: () => pin(state, { interface: 'vhu0', version: NEW }),
        code: 'VC-VERSION-UNUSABLE',
        want: /Cannot use version upstream\.ovs-dpdk\.v3\.2 on interface vhu0 of host a\.example: .*VIRTIO_NET_F_/,
        details: { interface: 'vhu0', version: NEW, host: 'sys-a' },
      },
      {
        title: 'to pin an unknown interface',
        run: () => pin(state, { interface: 'vhu7', version: OLD }),
        code: 'VC-INTERFACE-UNKNOWN',
        want: /did you mean "vhu0" or "vhu1"/,
      },
      {
        title: 'to unpin an unknown interface',
        run: () => unpin(state, { interface: 'zzzzzz' }),
        code: 'VC-INTERFACE-UNKNOWN',
        want: /there are vhu0, vhu1/,
      },
      {
        title: 'to remove an unknown interface',
        run: () => removeInterface(state, { name: 'zzzzzz' }),
        code: 'VC-INTERFACE-UNKNOWN',
        want: /zzzzzz/,
      },
      {
        title: 'a default that the host cannot honour',
        run: () => setDefaultVersion(state, { version: NEW }),
        code: 'VC-VERSION-UNUSABLE',
        want: /on host a\.example: /,
      },
      {
        title: 'a default that no table has',
        run: () => setDefaultVersion(state, { version: 'v9' }),
        code: 'VC-VERSION-UNKNOWN',
        want: /Cannot find version "v9"/,
      },
      {
        title: 'a host that is not there',
        run: () => unpin(state, { interface: 'vhu0' }, { host: 'b' }),
        code: 'VC-HOST-UNKNOWN',
        want: /Cannot find host "b"/,
      },
    ];
    for (const { title, run, code, want, details } of refused) {
      it(`refuses ${title}`, async () => {
        const before = state.host().nextCfg;
        await assert.rejects(run, isError(code, want, details));
        assert.equal(state.host().nextCfg, before, 'nothing was written');
      });
    }

    it('judges a pin by what the interface itself was measured to have', async () => {
      // The host as a whole cannot honour NEW, this interface's own back-end can, and cannot honour OLD.
      await addInterface(state, net('own'));
      await measured(state, 'own', OVS_32);
      assert.equal((await pin(state, { interface: 'own', version: NEW })).changed, true);
      assert.equal(state.interface('own').version, NEW);
      await measured(state, 'own', OVS_213 & ~(1n << 28n));
      await assert.rejects(
        pin(state, { interface: 'own', version: OLD }),
        isError('VC-VERSION-UNUSABLE', /VIRTIO_RING_F_INDIRECT_DESC/),
      );
      await removeInterface(state, { name: 'own' });
    });

    it('changes nothing when all is as wanted, and says so', async () => {
      await pin(state, { interface: 'vhu0', version: OLD });
      const before = state.host().nextCfg;
      const again = [
        await pin(state, { interface: 'vhu0', version: OLD }),
        await addInterface(state, { ...net('vhu0'), mayExist: true }),
        await addInterface(state, { ...net('vhu0'), version: OLD, mayExist: true }),
        await removeInterface(state, { name: 'zzz', ifExists: true }),
        await setDefaultVersion(state, { version: 'newest' }),
      ];
      assert.deepEqual(
        again.map(({ changed, nextCfg }) => [changed, nextCfg]),
        Array(5).fill([false, before]),
      );
      assert.equal(state.host().nextCfg, before);
    });

    it('takes a pin away', async () => {
      assert.equal((await unpin(state, { interface: 'vhu0' })).changed, true);
      assert.equal(state.interface('vhu0').version, undefined);
      assert.equal((await unpin(state, { interface: 'vhu0' })).changed, false);
    });

    it('pins an interface that is there already when mayExist comes with a version', async () => {
      await addInterface(state, { ...net('vhu0'), version: OLD, mayExist: true });
      assert.equal(state.interface('vhu0').version, OLD);
    });

    it('sets the default of the host, and clears it for newest', async () => {
      await setDefaultVersion(state, { version: OLD });
      assert.equal(state.host().defaultVersion, OLD);
      await setDefaultVersion(state, { version: 'newest' });
      assert.equal(state.host().defaultVersion, undefined);
    });

    it('holds newest against the running interfaces of each device type', async () => {
      const acked = async (mask: bigint | undefined) => {
        const where: Json = [['_uuid', '==', ovsUuid(state.interface('vhu0').uuid)]];
        const row = { ...encodeInterfaceStatus({ ackedFeatures: mask }) };
        await state.client.transact(DATABASE, [{ op: 'update', table: 'Interface', where, row }]);
        await state.until(() => state.interface('vhu0').ackedFeatures === mask);
      };
      await unpin(state, { interface: 'vhu0' });
      await setDefaultVersion(state, { version: OLD });
      await acked(OVS_32);
      await assert.rejects(
        setDefaultVersion(state, { version: 'newest' }),
        isError('VC-DEFAULT-IN-USE', /vhu0 \(VIRTIO_NET_F_CSUM\)/, { version: OLD }),
      );
      // that says nothing to network interfaces but that newest rules again
      await assert.rejects(
        setDefaultVersion(state, { version: 'upstream.blk.v1' }),
        isError('VC-DEFAULT-IN-USE', /vhu0/, { version: OLD }),
      );
      await acked(undefined);
      await setDefaultVersion(state, { version: 'newest' });
      await pin(state, { interface: 'vhu0', version: OLD });
    });

    it('removes an interface with its row', async () => {
      await removeInterface(state, { name: 'vhu1' });
      assert.equal(state.findInterface('vhu1'), undefined);
      const [rows] = await state.client.transact(DATABASE, [
        { op: 'select', table: 'Interface', where: [['name', '==', 'vhu1']], columns: ['name'] },
      ]);
      assert.deepEqual(rows, { rows: [] });
    });

    it('lets one of two clients win that add the same name at once, and both that add different ones', async () => {
      const other = await openState(peers, remote, { systemId: 'sys-a' });
      const settled = await Promise.allSettled([
        addInterface(state, net('twin')),
        addInterface(other, net('twin')),
        addInterface(state, net('left')),
        addInterface(other, net('right')),
      ]);
      const outcome = settled.map((one) =>
        one.status === 'rejected' ? (one.reason as { code: string }).code : 'added',
      );
      assert.deepEqual(outcome.slice(0, 2).toSorted(), ['VC-INTERFACE-EXISTS', 'added']);
      assert.deepEqual(outcome.slice(2), ['added', 'added']);
      assert.ok(await other.until(() => other.interfaces().length === 4, 10_000));
      assert.deepEqual(
        other.interfaces().map(({ name }) => name),
        ['left', 'right', 'twin', 'vhu0'],
      );
    });

    it('waits until the agent has followed, or says how far it is', async () => {
      const result = await addInterface(state, net('waits'));
      await assert.rejects(
        waitApplied(state, result, 30),
        isError('VC-TIMEOUT', /its agent did not follow within 30 ms \(configuration 0, wanted \d+\)/),
      );
      await followConfiguration(peers, remote);
      await waitApplied(state, await unpin(state, { interface: 'vhu0' }), 10_000);
      assert.equal(state.host().curCfg, state.host().nextCfg);
    });

    it('adds what many clients add at once', async function () {
      this.timeout(30_000);
      await seedHost(state.client, { systemId: 'sys-busy' });
      const others = await Promise.all(
        [1, 2, 3].map(async () => await openState(peers, remote, { systemId: 'sys-busy' })),
      );
      const names = Array.from({ length: 32 }, (_, i) => `at-once-${i}`);
      await Promise.all(names.map(async (name, i) => await addInterface(others[i % 3] ?? state, net(name))));
      await state.until(() => state.interfaces(state.host('sys-busy')).length === names.length, 10_000);
      assert.deepEqual(new Set(state.interfaces(state.host('sys-busy')).map(({ name }) => name)), new Set(names));
    });

    it('allows a pin with a note while nothing is known of any back-end', async () => {
      await seedHost(state.client, { systemId: 'sys-new' });
      await state.until(() => state.hosts().length === 3);
      const result = await addInterface(state, { ...net('first'), version: NEW }, { host: 'sys-new' });
      assert.match(result.notes.join(), /Whether upstream\.ovs-dpdk\.v3\.2 is usable is not known yet/);
      assert.equal(state.interface('first', state.host('sys-new')).version, NEW);
    });

    it('leaves the interfaces of other hosts alone', async () => {
      await addInterface(state, net('vhu0'), { host: 'sys-new' });
      await removeInterface(state, { name: 'vhu0' }, { host: 'sys-new' });
      assert.ok(state.findInterface('vhu0'));
    });
  });
}
