import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ApiClient } from '../../../rpc/api/client.ts';
import { createHandlers } from '../../../rpc/api/handlers.ts';
import type { EventDocument } from '../../../rpc/api/methods.ts';
import { ApiServer } from '../../../rpc/api/server.ts';
import { Peers } from '../../peers/process.ts';
import { ENGINES, followConfiguration, openState, seedHost } from '../state/engines.ts';
import { abilities, isError, NO_INDIRECT, OVS_213 } from '../state/fixtures.ts';

const NEW = 'upstream.ovs-dpdk.v3.2';
const OLD = 'upstream.ovs-dpdk.v2.13';

for (const engine of ENGINES) {
  describe(`management API over a state, on ${engine.name}`, () => {
    const peers = new Peers();
    let client: ApiClient;
    let otherRemote = '';
    let tell: (event: EventDocument) => void = () => assert.fail('nobody listens');
    before(async function () {
      engine.check(this);
      const remote = await engine.start(peers);
      const state = await openState(peers, remote, { systemId: 'sys-a' });
      await seedHost(state.client, { systemId: 'sys-a', hostname: 'a.example', abilities: abilities(OVS_213) });
      await state.until(() => state.hosts().length === 1);
      await followConfiguration(peers, remote);
      otherRemote = await engine.start(peers);
      const other = await openState(peers, otherRemote);
      await seedHost(other.client, { systemId: 'sys-b', hostname: 'b.example', abilities: abilities(NO_INDIRECT) });
      const subscribe = (listener: (event: EventDocument) => void) => {
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
      await assert.rejects(
        client.call('versions.select', { targets: ['/etc/passwd'] }),
        isError('VC-API-PARAMS', /files are not read here/),
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
