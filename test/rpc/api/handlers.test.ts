import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceDocument } from '../../../compat-tables/devices/device-document.ts';
import { ApiClient } from '../../../rpc/api/api-client.ts';
import { ApiServer } from '../../../rpc/api/api-server.ts';
import { createHandlers } from '../../../rpc/api/handlers.ts';
import type { EventJson } from '../../../rpc/api/methods.ts';
import { encodeInterfaceStatus } from '../../../rpc/state/encode-rows.ts';
import { DATABASE } from '../../../rpc/state/schema-file.ts';
import type { State } from '../../../rpc/state/state.ts';
import { cli } from '../../cli/run-cli.ts';
import { Peers } from '../../peers/process.ts';
import { ROOT } from '../../root.ts';
import { ENGINES, followConfiguration, openState, seedHost } from '../state/engines.ts';
import { abilities, isError, NO_INDIRECT, OVS_213 } from '../state/fixtures.ts';

const NEW = 'upstream.ovs-dpdk.v3.2';
const OLD = 'upstream.ovs-dpdk.v2.13';
const example = (name: string) => JSON.parse(readFileSync(join(ROOT, 'docs/examples', name), 'utf8')) as DeviceDocument;
const STORE_1 = example('blk-store1.json');
const STORE_2 = example('blk-store2.json');

for (const engine of ENGINES) {
  describe(`management API over a state, on ${engine.name}`, () => {
    const peers = new Peers();
    let client: ApiClient;
    let state: State;
    let remote = '';
    let otherRemote = '';
    let tell: (event: EventJson) => void = () => assert.fail('nobody listens');
    before(async function () {
      engine.check(this);
      remote = await engine.start(peers);
      state = await openState(peers, remote, { systemId: 'sys-a' });
      await seedHost(state.client, { systemId: 'sys-a', hostname: 'a.example', abilities: abilities(OVS_213) });
      await state.until(() => state.hosts().length === 1);
      await followConfiguration(peers, remote);
      otherRemote = await engine.start(peers);
      const other = await openState(peers, otherRemote);
      await seedHost(other.client, { systemId: 'sys-b', hostname: 'b.example', abilities: abilities(NO_INDIRECT) });
      const subscribe = (listener: (event: EventJson) => void) => {
        tell = listener;
        return () => undefined;
      };
      const server = new ApiServer(createHandlers({ state, subscribe, db: remote }));
      peers.defer(() => server.close());
      const path = join(peers.folder(), 'api.sock');
      await server.listen(path);
      client = await ApiClient.connect(path);
      peers.defer(() => client.close());
    });
    after(() => peers.end());

    it('describes the host', async () => {
      const document = await client.call('host.describe', {});
      assert.deepEqual([document.host, document.backend.features], ['a.example', '0xd7c66a7ca']);
    });

    it('lists usable versions, and all of them with blockers', async () => {
      assert.deepEqual(
        (await client.call('versions.list', {})).map((one) => one.version),
        [OLD],
      );
      const all = await client.call('versions.list', { all: true });
      assert.deepEqual(
        all.map((one) => [one.version, one.blockers.length]),
        [
          [NEW, 1],
          [OLD, 0],
        ],
      );
      assert.deepEqual((await client.call('versions.list', { device_type: 'none' })).length, 0);
    });

    it('selects over targets and documents, and explains', async () => {
      const none = await client.call('versions.select', { targets: ['host:sys-a', otherRemote] });
      assert.equal(none.version, undefined);
      assert.deepEqual(none.hosts, ['a.example', 'b.example']);
      assert.match(none.explanation.join('\n'), /No version is usable on all/);
      assert.deepEqual(none.rows.find((row) => row.version === NEW)?.lacking[0]?.missing, ['VIRTIO_NET_F_CSUM']);
      const document = await client.call('host.describe', {});
      const one = await client.call('versions.select', { documents: [document], policy: 'consensus' });
      assert.deepEqual([one.version, one.policy], [OLD, 'consensus']);
      for (const nothing of [{}, { targets: [] }, { targets: [], documents: [] }])
        await assert.rejects(
          client.call('versions.select', nothing),
          isError('VC-API-PARAMS', /params\.targets: wanted at least one target or document/),
        );
      await assert.rejects(
        client.call('versions.select', { targets: ['/etc/passwd'] }),
        isError('VC-API-PARAMS', /files are not read here/),
      );
    });

    it('selects over the documents of devices of any type, alone and beside those of hosts', async () => {
      const selection = await client.call('versions.select', { documents: [STORE_1, STORE_2] });
      assert.deepEqual([selection.version, selection.hosts], ['site.blk.v1_q4', ['store1', 'store2']]);
      const self = await client.call('interfaces.checkMove', { name: 'self', from: STORE_2, documents: [STORE_1] });
      assert.equal(self.possible, true);
      const document = await client.call('host.describe', {});
      const mixed = client.call('versions.select', { documents: [document, STORE_1], device_type: 'vhost-user-blk' });
      assert.equal((await mixed).version, undefined, 'the host has no device of this type');
      const broken = { ...STORE_1, compatible: [{ version: 7 }] } as unknown as DeviceDocument;
      await assert.rejects(
        client.call('versions.select', { documents: [broken] }),
        isError('VC-API-PARAMS', /params\.documents\[0\]\.compatible\[0\]\.version/),
      );
    });

    it('adds, pins, shows, lists, unpins and removes an interface', async () => {
      const net = { name: 'vhu0', frontend: 'listen:/run/f', backend: 'connect:/run/b' };
      assert.deepEqual(await client.call('interfaces.add', net), { changed: true, applied: true, notes: [] });
      assert.deepEqual(await client.call('interfaces.add', { ...net, may_exist: true }), {
        changed: false,
        applied: true,
        notes: [],
      });
      await client.call('interfaces.pin', { name: 'vhu0', version: OLD });
      assert.equal((await client.call('interfaces.show', { name: 'vhu0' })).version, OLD);
      await assert.rejects(
        client.call('interfaces.pin', { name: 'vhu0', version: NEW }),
        isError('VC-VERSION-UNUSABLE', /VIRTIO_NET_F_CSUM/, { missing: ['VIRTIO_NET_F_CSUM'] }),
      );
      await client.call('interfaces.unpin', { name: 'vhu0', wait: false });
      assert.deepEqual(
        (await client.call('interfaces.list', {})).map((one) => [one.name, one.version]),
        [['vhu0', undefined]],
      );
      assert.equal((await client.call('interfaces.remove', { name: 'vhu0' })).changed, true);
      assert.equal((await client.call('interfaces.remove', { name: 'vhu0', if_exists: true })).changed, false);
      await assert.rejects(
        client.call('interfaces.show', { name: 'vhu0' }),
        isError('VC-INTERFACE-UNKNOWN', /there are none/),
      );
    });

    it('waits as long as it is told to, 0 being as long as it takes, and refuses what is no such time', async () => {
      const net = { name: 'vhu5', frontend: 'listen:/run/f5', backend: 'connect:/run/b5' };
      assert.equal((await client.call('interfaces.add', { ...net, timeout_ms: 0 })).applied, true);
      assert.equal((await client.call('interfaces.remove', { name: 'vhu5', timeout_ms: 2 ** 31 - 1 })).applied, true);
      for (const timeout_ms of [-5, 2 ** 31, 3_000_000_000])
        await assert.rejects(
          client.call('interfaces.add', { ...net, timeout_ms }),
          isError('VC-API-PARAMS', /params\.timeout_ms: expected a whole number from 0 to 2147483647, got -?\d+$/),
        );
      assert.deepEqual(await client.call('interfaces.list', {}), [], 'it was written although it was refused');
    });

    describe('asked whether an interface can move', () => {
      before(async () => {
        await client.call('interfaces.add', { name: 'vhu7', frontend: 'listen:/run/f7', backend: 'connect:/run/b7' });
        const row = encodeInterfaceStatus({
          ...{ state: 'negotiated', inForce: OLD, nextStart: OLD, abilities: abilities(OVS_213), queuePairs: 1 },
          ...{ offeredFeatures: OVS_213, ackedFeatures: OVS_213, ringSizes: new Map([[0, 256]]) },
        });
        const where = [['name', '==', 'vhu7']];
        await state.client.transact(DATABASE, [{ op: 'update', table: 'Interface', where, row }]);
        await state.until(() => state.interface('vhu7').ackedFeatures === OVS_213);
      });
      after(() => client.call('interfaces.remove', { name: 'vhu7' }));

      it('answers what the command prints: yes to itself with the version to pin, no with what stands in the way', async () => {
        for (const { target, possible } of [
          { target: remote, possible: true },
          { target: otherRemote, possible: false },
        ]) {
          const answer = await client.call('interfaces.checkMove', { name: 'vhu7', targets: [target] });
          assert.equal(answer.possible, possible);
          const { stdout } = await cli(['--db', remote, 'check-move', 'vhu7', target, '-f', 'json']);
          assert.deepEqual(answer, JSON.parse(stdout));
        }
        const [kind, basis, here, there] = await client
          .call('interfaces.checkMove', { name: 'vhu7', targets: ['host:sys-a', otherRemote] })
          .then((answer) => [answer.kind, answer.basis, ...answer.targets] as const);
        assert.deepEqual([kind, basis], ['move', 'acked']);
        assert.equal(here?.pin?.version, OLD);
        assert.match(
          there?.obstacles.map(({ text }) => text).join() ?? '',
          /^the back-end of b\.example does not offer VIRTIO_RING_F_INDIRECT_DESC$/,
        );
      });

      it('answers for all interfaces of a front-end what the command prints', async () => {
        const document = await client.call('host.describe', {});
        const of = { pid: '41', start_time: '7', boot_id: 'b' };
        const interfaces = document.interfaces.map((one) => ({ ...one, peer: of }));
        const from = { ...document, interfaces };
        const answer = await client.call('interfaces.checkMoveTogether', {
          all_of: '41',
          from,
          targets: [otherRemote],
        });
        assert.deepEqual(
          [answer.kind, answer.possible, answer.interfaces.map((one) => one.interface), answer.targets[0]?.stuck],
          ['move-together', false, ['vhu7'], ['vhu7']],
        );
        for (const asked of [{}, { vm: 'A', all_of: '41' }])
          await assert.rejects(client.call('interfaces.checkMoveTogether', { ...asked, documents: [document] }), {
            message: /exactly one of vm and all_of/,
          });
      });

      it('takes documents for both sides, after the targets, and judges by one version when told to', async () => {
        const document = await client.call('host.describe', {});
        const asked = { name: 'vhu7', targets: [otherRemote], documents: [document] };
        const answer = await client.call('interfaces.checkMove', asked);
        assert.deepEqual(
          answer.targets.map((one) => [one.host.split(' ')[0], one.possible]),
          [
            ['b.example', false],
            ['a.example', true],
          ],
        );
        assert.deepEqual(await client.call('interfaces.checkMove', { ...asked, from: document }), answer);
        const judged = { name: 'vhu7', documents: [document], version: NEW };
        assert.equal((await client.call('interfaces.checkMove', judged)).possible, false);
      });

      it('refuses a question without a target, with a file, or about an interface that is not there', async () => {
        const ask = (name: string, more: object) => client.call('interfaces.checkMove', { name, ...more });
        await assert.rejects(ask('vhu7', {}), isError('VC-API-PARAMS', /wanted at least one target or document/));
        await assert.rejects(ask('vhu7', { targets: ['/etc/passwd'] }), isError('VC-API-PARAMS', /files are not read/));
        await assert.rejects(ask('vhu8', { targets: [remote] }), isError('VC-INTERFACE-UNKNOWN', /"vhu8"/));
      });
    });

    it('decodes masks and names of both families', async () => {
      const { mask, bits } = await client.call('features.decode', { mask: 'VIRTIO_NET_F_MTU, bit 100' });
      assert.equal(mask, '0x10000000000000000000000008');
      assert.deepEqual(
        bits.map(({ bit, name, known }) => [bit, name, known]),
        [
          [3, 'VIRTIO_NET_F_MTU', true],
          [100, 'bit 100', false],
        ],
      );
      const protocol = await client.call('features.decode', { mask: '0x1', family: 'protocol' });
      assert.equal(protocol.bits[0]?.name, 'VHOST_USER_PROTOCOL_F_MQ');
      await assert.rejects(
        client.call('features.decode', { mask: 'VIRTIO_NET_F_MTV' }),
        isError('VC-MASK', /VIRTIO_NET_F_MTV/),
      );
    });

    it('sends events to subscribers', async () => {
      const seen = new Promise<string>((resolve) => client.on('events.event', ({ event }) => resolve(event.text)));
      await client.call('events.subscribe', { kinds: ['negotiated'] });
      tell({ host: 'sys-a', interface: 'vhu0', time: 1, kind: 'pinned', text: 'not this one', details: {} });
      tell({ host: 'sys-a', interface: 'vhu0', time: 2, kind: 'negotiated', text: 'this one', details: {} });
      assert.equal(await seen, 'this one');
    });
  });
}
