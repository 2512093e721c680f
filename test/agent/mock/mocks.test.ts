import assert from 'node:assert/strict';
import { MockFrontend } from '../../../agent/mock/mock-frontend.ts';
import { NEED_REPLY } from '../../../agent/vhost/header.ts';
import { readU64, writeLog, writeU64 } from '../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../compat-tables/protocol/requests.ts';
import { benchForEach, OVS_2_13, OVS_3_2 } from '../support.ts';

describe('mock back-end and front-end, without an agent', () => {
  const bench = benchForEach();
  const openFrontend = async () => bench.also(await MockFrontend.open(bench.endpoint('connect', 'b')));

  it('negotiate as QEMU and DPDK do', async () => {
    const backend = await bench.backend();
    const frontend = await openFrontend();
    const found = await frontend.negotiate();
    assert.deepEqual(found, {
      features: OVS_3_2.virtioFeatures,
      protocolFeatures: OVS_3_2.protocolFeatures,
      queueNum: 128,
      acked: OVS_3_2.virtioFeatures,
      ackedProtocol: OVS_3_2.protocolFeatures,
    });
    assert.deepEqual(
      backend.received.map(({ name, fds }) => (fds > 0 ? `${name} +${fds}` : name)),
      [
        'GET_FEATURES',
        'GET_PROTOCOL_FEATURES',
        'SET_PROTOCOL_FEATURES',
        'GET_QUEUE_NUM',
        'SET_OWNER',
        'GET_FEATURES',
        'SET_FEATURES',
        'SET_MEM_TABLE +1',
        'SET_VRING_NUM',
        'SET_VRING_BASE',
        'SET_VRING_ADDR',
        'SET_VRING_KICK +1',
        'SET_VRING_CALL +1',
        'SET_VRING_ENABLE',
        'SET_VRING_NUM',
        'SET_VRING_BASE',
        'SET_VRING_ADDR',
        'SET_VRING_KICK +1',
        'SET_VRING_CALL +1',
        'SET_VRING_ENABLE',
        'GET_FEATURES',
      ],
    );
  });

  it('reply to every request that always has a reply', async () => {
    await bench.backend();
    const frontend = await openFrontend();
    await frontend.negotiate();
    for (const [name, row] of Object.entries(REQUESTS)) {
      if (row.reply !== 'always') continue;
      const payload = row.payload === 'state' || row.payload === 'u64' ? writeU64(0n) : writeLog(0n, 0n);
      assert.equal((await frontend.ask(row.id, row.payload === 'empty' ? undefined : payload)).request, row.id, name);
    }
  });

  it('reply to anything that needs a reply, with failure where it failed', async () => {
    const backend = await bench.backend({ abilities: OVS_2_13 }, {});
    backend.become({ ...OVS_2_13, protocolFeatures: OVS_3_2.protocolFeatures });
    const frontend = await openFrontend();
    await frontend.negotiate();
    assert.equal(readU64((await frontend.ask('SET_OWNER', undefined, [], NEED_REPLY)).payload), 0n);
    assert.equal(readU64((await frontend.ask('SET_FEATURES', writeU64(1n), [], NEED_REPLY)).payload), 1n);
    assert.equal(readU64((await frontend.ask(999, undefined, [], NEED_REPLY)).payload), 1n);
  });

  it('part when features are accepted that were not offered', async () => {
    await bench.backend({ abilities: OVS_2_13 });
    const frontend = await openFrontend();
    await frontend.negotiateProtocol();
    frontend.tell('SET_FEATURES', writeU64(1n));
    await frontend.ended;
  });

  it('serve several connections at once, each with its own state', async () => {
    const backend = await bench.backend();
    const [a, b] = [await openFrontend(), await openFrontend()];
    await a.negotiate({ ack: 1n });
    await b.negotiate({ ack: 2n, ringSize: 1024 });
    assert.deepEqual(
      backend.devices.map(({ acked }) => acked),
      [1n, 2n],
    );
    assert.equal(backend.devices[1]?.ringSizes.get(1), 1024);
    assert.equal(backend.connections, 2);
  });
});
