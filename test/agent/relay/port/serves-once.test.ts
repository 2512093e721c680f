import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { probe } from '../../../../agent/relay/port/probe.ts';
import type { Abilities } from '../../../../compat-tables/entries/entry.ts';
import type { Endpoint } from '../../../../compat-tables/protocol/endpoint.ts';
import { aWhile, benchForEach, entryOf, Hooks, until, untilState } from '../../support.ts';
import { ServesOnce } from './serves-once.ts';

/** virtiofsd 1.13.2. */
const VIRTIOFSD: Abilities = {
  virtioFeatures: 0x174000000n,
  protocolFeatures: 0x8a42bn,
  limits: { queue_pairs: 2, memory_slots: 509 },
};
const MODE = { mode: entryOf({ deviceType: 'vhost-user-fs', virtioFeatures: VIRTIOFSD.virtioFeatures }) };

describe('a back-end that serves one connection and ends with it', () => {
  const bench = benchForEach();
  const start = (role: Endpoint['role'], abilities = VIRTIOFSD): ServesOnce =>
    bench.also(new ServesOnce(bench.endpoint(role, 'b'), abilities));

  for (const [role, ours] of [
    ['listen', 'connect'],
    ['connect', 'listen'],
  ] as const) {
    it(`lives through its measurement, which serves the front-end then (the back-end's role is ${role})`, async () => {
      const backend = start(role);
      const hooks = new Hooks(MODE);
      const port = bench.port(hooks, { backend: ours });
      await untilState(port, 'waiting-frontend');
      assert.deepEqual(port.status.abilities, VIRTIOFSD);
      assert.equal(port.status.statistics.backend_connects, 1);
      const frontend = await bench.frontend();
      const { queueNum } = await frontend.negotiate();
      await untilState(port, 'negotiated');
      assert.equal(queueNum, 2);
      assert.equal(backend.ended, undefined);
      assert.equal(backend.device.acked, VIRTIOFSD.virtioFeatures);
      assert.equal(backend.device.ackedProtocol, VIRTIOFSD.protocolFeatures);
      assert.equal(port.status.statistics.backend_connects, 1);
      assert.deepEqual(hooks.codes(), []);
    });
  }

  it('has accepted nothing when it was measured: a front-end begins as with a fresh one', async () => {
    const backend = start('listen');
    const port = bench.port(new Hooks(MODE));
    await untilState(port, 'waiting-frontend');
    await until('the last message of the measurement', () => backend.heard.length >= 6);
    assert.deepEqual(backend.heard, [
      'GET_FEATURES',
      'GET_PROTOCOL_FEATURES',
      'SET_PROTOCOL_FEATURES',
      'GET_QUEUE_NUM',
      'GET_MAX_MEM_SLOTS',
      'SET_PROTOCOL_FEATURES',
    ]);
    assert.equal(backend.device.ackedProtocol, 0n);
    assert.equal(backend.device.acked, undefined);
  });

  it('is not looked at again while no mode may be offered, nor when front-ends come, ask and go', async () => {
    const backend = start('listen');
    const hooks = new Hooks(MODE);
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    const first = await bench.frontend();
    await first.askU64('GET_FEATURES');
    await first.askU64('GET_PROTOCOL_FEATURES');
    first.close();
    await until('the front-end is gone', () => hooks.kinds().includes('frontend-left'));
    port.reconsider();
    const second = await bench.frontend();
    await second.negotiate();
    assert.equal(backend.ended, undefined);
    assert.equal(port.status.statistics.backend_connects, 1);
  });

  it('is served at once when it was started again, and again', async () => {
    const hooks = new Hooks(MODE);
    const port = bench.port(hooks);
    for (let life = 1; life <= 4; life += 1) {
      const backend = start('listen');
      await untilState(port, 'waiting-frontend');
      const frontend = await bench.frontend();
      await frontend.negotiate();
      assert.equal(backend.ended, undefined);
      frontend.close();
      await until('it ends with its front-end', () => backend.ended !== undefined);
      assert.equal(backend.ended, 'its connection ended');
      await untilState(port, 'waiting-backend');
      assert.equal(port.status.statistics.backend_connects, life);
    }
    assert.deepEqual(hooks.codes(), []);
  });

  it('is no fault while it ends: it may still listen when its front-end has left', async () => {
    const hooks = new Hooks(MODE);
    const port = bench.port(hooks);
    const backend = bench.also(new ServesOnce(bench.endpoint('listen', 'b'), VIRTIOFSD, 'until closed'));
    await untilState(port, 'waiting-frontend');
    const frontend = await bench.frontend();
    await frontend.negotiate();
    frontend.close();
    await until('a connection that nobody serves', () => backend.unserved === 1);
    await until('it is looked for', () => /ENOENT|ECONNREFUSED/.test(port.status.waitingFor ?? ''));
    assert.deepEqual(hooks.codes(), []);
    assert.equal(port.status.error, undefined);
    assert.equal(port.status.statistics.faults, 0);
    start('listen');
    await untilState(port, 'waiting-frontend');
  });

  it('is waited for while it accepts nobody yet: the connection that waits there would be the one that it serves', async () => {
    const backend = bench.also(new ServesOnce(bench.endpoint('listen', 'b'), VIRTIOFSD, 'late'));
    const hooks = new Hooks(MODE);
    const port = bench.port(hooks, {}, 200);
    await until('it is told', () => hooks.codes().includes('VC-VHOST-TIMEOUT'));
    assert.equal(port.status.error?.code, 'VC-VHOST-TIMEOUT');
    assert.equal(port.status.state, 'measuring');
    await aWhile(100);
    assert.deepEqual(hooks.codes(), ['VC-VHOST-TIMEOUT']);
    backend.accept();
    await untilState(port, 'waiting-frontend');
    assert.equal(port.status.error, undefined);
    assert.equal(port.status.statistics.backend_connects, 1);
    const frontend = await bench.frontend();
    await frontend.negotiate();
    assert.equal(backend.ended, undefined);
  });

  it('is given up when it reads nothing for long: another may listen in its place', async () => {
    const backend = bench.also(new ServesOnce(bench.endpoint('listen', 'b'), VIRTIOFSD, 'late'));
    const hooks = new Hooks(MODE);
    const port = bench.port(hooks, {}, 10);
    await until('a second connection', () => port.status.statistics.backend_connects > 1);
    assert.equal(port.status.error?.code, 'VC-VHOST-TIMEOUT');
    assert.equal(backend.unserved, 0);
  });

  it('is asked for its memory slots without queues, and one that answers none has told nothing', async () => {
    for (const [slots, limits] of [
      [32, { queue_pairs: 1, memory_slots: 32 }],
      [0, { queue_pairs: 1 }],
      [65_537, { queue_pairs: 1 }],
    ] as const) {
      const told = { virtioFeatures: 0x140000000n, protocolFeatures: 0x8008n, limits: { memory_slots: slots } };
      const backend = start('listen', told);
      await until('it listens', () => existsSync(bench.path('b')));
      assert.deepEqual((await probe(bench.endpoint('connect', 'b'))).limits, limits);
      assert.ok(!backend.heard.includes('GET_QUEUE_NUM'));
      await until('it ends', () => backend.ended !== undefined);
    }
  });

  it('without the protocol feature MQ is asked for nothing that needs it', async () => {
    // passt of 2025-05
    const backend = start('listen', { virtioFeatures: 0x144008000n, protocolFeatures: 0x8000en, limits: {} });
    const port = bench.port(new Hooks(MODE));
    await untilState(port, 'waiting-frontend');
    await aWhile();
    assert.deepEqual(backend.heard, ['GET_FEATURES', 'GET_PROTOCOL_FEATURES']);
    assert.deepEqual(port.status.abilities?.limits, { queue_pairs: 1 });
    assert.equal(backend.ended, undefined);
  });

  it('is measured by probe, with which it ends as with any other', async () => {
    const backend = start('listen');
    await until('it listens', () => existsSync(bench.path('b')));
    assert.deepEqual(await probe(bench.endpoint('connect', 'b')), VIRTIOFSD);
    await until('it ends', () => backend.ended !== undefined);
    assert.equal(backend.ended, 'its connection ended');
  });
});
