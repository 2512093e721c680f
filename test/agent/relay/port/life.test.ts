import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { MockBackendOptions } from '../../../../agent/mock/mock-backend.ts';
import { encodeReply, NEED_REPLY } from '../../../../agent/vhost/header.ts';
import { readU64, writeU64 } from '../../../../agent/vhost/payloads.ts';
import { CONTROL_BITS, LOG_ALL, MEM_SLOTS, PROTOCOL_MQ } from '../../../../compat-tables/bits/named-masks.ts';
import { CompatError } from '../../../../compat-tables/errors/compat-error.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import {
  aWhile,
  Bench,
  benchForEach,
  entryOf,
  Hooks,
  OVS_2_13,
  OVS_3_2,
  openDescriptors,
  until,
  untilState,
} from '../../support.ts';

const refused = { refused: new CompatError('VC-MODE-FEATURES', 'the back-end does not offer VIRTIO_NET_F_CSUM') };

describe('a port in the course of its life', () => {
  const bench = benchForEach();

  it('opens the front-end door only when the back-end is there and measured', async () => {
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-backend');
    assert.equal(existsSync(bench.path('f')), false);
    await bench.backend();
    await untilState(port, 'waiting-frontend');
    assert.equal(existsSync(bench.path('f')), true);
    assert.deepEqual(port.status.abilities, OVS_3_2);
    assert.deepEqual(hooks.asked, [undefined]);
    assert.deepEqual(hooks.kinds(), ['measured']);
  });

  it('says what was tried while there is no back-end', async () => {
    const port = bench.port(new Hooks());
    const says = `connect:${bench.path('b')}: ENOENT, tried every second`;
    await until(says, () => port.status.waitingFor === says);
    await bench.backend();
    await untilState(port, 'waiting-frontend');
    assert.equal(port.status.waitingFor, undefined);
  });

  it('measures one queue pair when the back-end knows no multiqueue', async () => {
    await bench.backend({ abilities: { virtioFeatures: 0x68000n, protocolFeatures: 0n, limits: {} } });
    const port = bench.port(new Hooks(refused));
    await untilState(port, 'refused');
    assert.deepEqual(port.status.abilities, {
      virtioFeatures: 0x68000n,
      protocolFeatures: 0n,
      limits: { queue_pairs: 1 },
    });
  });

  it('measures no back-end that says more queue pairs than there can be: that is an error of its port', async () => {
    await bench.backend(
      {},
      {
        intercept: ({ request }, connection) => {
          if (request !== REQUESTS.GET_QUEUE_NUM.id) return false;
          connection.write(encodeReply(request, writeU64(2n ** 63n)));
          return true;
        },
      },
    );
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await until('the error', () => port.status.error !== undefined);
    assert.equal(port.status.error?.code, 'VC-VHOST-NUMBER');
    assert.match(port.status.error?.message ?? '', /9223372036854775808 queue pairs/);
    assert.equal(port.status.abilities, undefined);
  });

  it('measures a back-end that hangs up when it is asked for its queues, without them', async () => {
    // As one does that wants more accepted than MQ, which only a front-end may do.
    const accepted = new WeakSet<object>();
    const intercept: MockBackendOptions['intercept'] = ({ request, payload }, connection) => {
      if (request === REQUESTS.SET_PROTOCOL_FEATURES.id && readU64(payload) > PROTOCOL_MQ) accepted.add(connection);
      if (request !== REQUESTS.GET_QUEUE_NUM.id || accepted.has(connection)) return false;
      connection.close();
      return true;
    };
    const backend = await bench.backend({}, { intercept });
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    assert.deepEqual(port.status.abilities, { ...OVS_3_2, limits: {} });
    assert.deepEqual(hooks.codes(), ['VC-VHOST-GONE', 'VC-VHOST-GONE']);
    const frontend = await bench.frontend();
    await frontend.negotiate();
    assert.equal(backend.connections, 3);
  });

  it('keeps the number of queues of a back-end that hangs up over that of its memory slots', async () => {
    const intercept: MockBackendOptions['intercept'] = ({ request }, connection) => {
      if (request !== REQUESTS.GET_MAX_MEM_SLOTS.id) return false;
      connection.close();
      return true;
    };
    const protocolFeatures = OVS_3_2.protocolFeatures | MEM_SLOTS;
    const abilities = { ...OVS_3_2, protocolFeatures, limits: { queue_pairs: 4 } };
    await bench.backend({ abilities }, { intercept });
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    assert.deepEqual(port.status.abilities, abilities);
    assert.deepEqual(hooks.codes(), ['VC-VHOST-GONE', 'VC-VHOST-GONE']);
  });

  it('says again that its path is taken when the back-end has come again', async () => {
    const other = createServer((socket) => socket.destroy()).listen(bench.path('f'));
    await once(other, 'listening');
    try {
      const backend = await bench.backend();
      const hooks = new Hooks();
      const port = bench.port(hooks);
      await untilState(port, 'error');
      assert.equal(port.status.error?.code, 'VC-ENDPOINT-TAKEN');
      backend.hangUp();
      await until('a second measurement', () => hooks.kinds().filter((kind) => kind === 'measured').length === 2);
      await untilState(port, 'error');
      assert.equal(port.status.error?.code, 'VC-ENDPOINT-TAKEN');
    } finally {
      other.close();
    }
  });

  it('shuts the door and drops the front-end when the back-end goes', async () => {
    const backend = await bench.backend();
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    backend.close();
    await frontend.ended;
    await until('the socket file is gone', () => !existsSync(bench.path('f')));
    await untilState(port, 'waiting-backend');
    assert.equal(port.status.abilities, undefined);
    assert.equal(port.status.offered, undefined);
  });

  it('notices a back-end that goes while nobody is connected', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    backend.close();
    await untilState(port, 'waiting-backend');
    assert.equal(existsSync(bench.path('f')), false);
    assert.deepEqual(hooks.kinds(), ['measured', 'backend-lost']);
  });

  it('keeps one connection to the back-end while no mode may be offered, and the door shut', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks(refused);
    const port = bench.port(hooks);
    await untilState(port, 'refused');
    port.reconsider();
    await aWhile();
    assert.equal(port.status.error?.code, 'VC-MODE-FEATURES');
    assert.equal(existsSync(bench.path('f')), false);
    assert.equal(backend.connections, 1);
    assert.equal(backend.live.length, 1);
    assert.deepEqual(hooks.codes(), ['VC-MODE-FEATURES']);

    hooks.decision = { mode: entryOf() };
    port.reconsider();
    await untilState(port, 'waiting-frontend');
    assert.equal(port.status.error, undefined);
    await (await bench.frontend()).negotiate();
    assert.equal(backend.connections, 1);
  });

  it('shuts the door when the back-end offers less than it did, on the same connection', async () => {
    let less = false;
    const intercept: MockBackendOptions['intercept'] = ({ request }, connection) => {
      if (!less || request !== REQUESTS.GET_FEATURES.id) return false;
      connection.write(encodeReply(request, writeU64(CONTROL_BITS)));
      return true;
    };
    const backend = await bench.backend({}, { reconnectMs: 10, intercept });
    const hooks = new Hooks((abilities) => (abilities.virtioFeatures === CONTROL_BITS ? refused : { mode: entryOf() }));
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    less = true;
    const frontend = await bench.frontend();
    await assert.rejects(frontend.ask('GET_FEATURES'), /hung up/);
    await untilState(port, 'refused');
    assert.equal(existsSync(bench.path('f')), false);
    assert.equal(port.status.abilities?.virtioFeatures, CONTROL_BITS);
    assert.equal(backend.connections, 1);
  });

  it('shuts the door when the mode is no longer allowed, but leaves a connected front-end alone', async () => {
    await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    const first = await frontend.negotiate();
    hooks.decision = refused;
    port.reconsider();
    assert.equal(port.status.state, 'negotiated');
    assert.equal(await frontend.askU64('GET_FEATURES'), first.features);
    frontend.close();
    await untilState(port, 'refused');
    await until('the socket file is gone', () => !existsSync(bench.path('f')));
  });

  it('asks who may have what when a front-end stands at the door, and sends it away gently', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks((_abilities, peer) => (peer ? refused : { mode: entryOf() }));
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    await frontend.ended;
    assert.equal(hooks.asked.at(-1)?.pid, process.pid);
    assert.equal(backend.connections, 1);
    assert.equal(backend.live.length, 1);
    assert.equal(port.status.statistics.refusals, 1);
    assert.equal(port.status.error?.code, 'VC-MODE-FEATURES');
    assert.equal(port.status.state, 'waiting-frontend');
  });

  it('keeps the back-end when a front-end only asked questions, and drops late replies', async () => {
    let hold = false;
    const backend = await bench.backend(
      {},
      {
        intercept: ({ request }, connection) => {
          if (!hold || request !== 1) return false;
          setTimeout(() => connection.resume(), 30);
          connection.pause();
          return false;
        },
      },
    );
    const port = bench.port(new Hooks());
    const first = await bench.frontend();
    hold = true;
    first.tell('GET_FEATURES');
    first.tell('GET_PROTOCOL_FEATURES');
    await until('the question is there', () => backend.received.filter(({ request }) => request === 1).length === 2);
    first.close();
    await untilState(port, 'waiting-frontend');
    hold = false;
    const second = await bench.frontend();
    assert.equal(await second.askU64('GET_QUEUE_NUM'), 128n);
    assert.equal(backend.connections, 1);
    assert.equal(port.status.statistics.faults, 0);
  });

  it('drops the back-end when state was relayed, so that it forgets', async () => {
    const backend = await bench.backend();
    bench.port(new Hooks());
    const frontend = await bench.frontend();
    frontend.tell('SET_OWNER');
    await frontend.sync();
    frontend.close();
    await until('a second connection', () => backend.connections === 2);
    assert.equal(backend.live.length, 1);
  });

  it('sends a second front-end away while the first is served', async () => {
    await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const first = await bench.frontend();
    await first.negotiate();
    const second = await bench.frontend();
    await second.ended;
    assert.deepEqual(hooks.codes(), ['VC-FRONTEND-BUSY']);
    await first.sync();
    assert.equal(port.status.state, 'negotiated');
    assert.equal(port.status.statistics.frontend_busy, 1);
  });

  it('masks GET_FEATURES each time it is asked and passes LOG_ALL through', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    const { features } = await frontend.negotiate({ ack: OVS_2_13.virtioFeatures & ~LOG_ALL });
    for (let round = 0; round < 3; round += 1) assert.equal(await frontend.askU64('GET_FEATURES'), features);
    for (const acked of [features, features & ~LOG_ALL]) {
      assert.equal(readU64((await frontend.ask('SET_FEATURES', writeU64(acked), [], NEED_REPLY)).payload), 0n);
      assert.equal(port.status.acked, acked);
      assert.equal(backend.devices[0]?.acked, acked);
    }
    assert.equal(hooks.kinds().filter((kind) => kind === 'negotiated').length, 1);
  });

  it("answers a refused request in the back-end's place when the front-end wants to know", async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    await frontend.negotiate();
    const answer = await frontend.ask('SET_FEATURES', writeU64(1n), [], NEED_REPLY);
    assert.equal(readU64(answer.payload), 1n);
    assert.equal(port.status.error?.code, 'VC-ACK-OUTSIDE-OFFER');
    await frontend.sync();
    assert.equal(backend.devices[0]?.acked, OVS_2_13.virtioFeatures);
  });

  it('gives up on a back-end that does not answer, and tries again', async () => {
    let silent = true;
    const backend = await bench.backend({}, { intercept: () => silent });
    const hooks = new Hooks();
    const port = bench.port(hooks, {}, 30);
    await until('the timeout', () => hooks.codes().includes('VC-VHOST-TIMEOUT'));
    assert.equal(port.status.error?.code, 'VC-VHOST-TIMEOUT');
    silent = false;
    await untilState(port, 'waiting-frontend');
    assert.equal(port.status.error, undefined);
    assert.ok(backend.connections > 1);
  });

  it('says so when a back-end hangs up before it answers', async () => {
    const closes: MockBackendOptions['intercept'] = (_message, connection) => {
      connection.close();
      return true;
    };
    await bench.backend({}, { intercept: closes });
    const hooks = new Hooks();
    bench.port(hooks);
    await until('the event', () => hooks.codes().includes('VC-VHOST-GONE'));
  });

  it('leaves a path alone that another process serves, says so, and takes it when it is free', async () => {
    await bench.backend();
    const other = createServer().listen(bench.path('f'));
    await new Promise((resolve) => other.once('listening', resolve));
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'error');
    assert.equal(port.status.error?.code, 'VC-ENDPOINT-TAKEN');
    await new Promise((resolve) => other.close(resolve));
    await untilState(port, 'waiting-frontend');
    assert.equal(port.status.error, undefined);
    assert.deepEqual(hooks.codes(), ['VC-ENDPOINT-TAKEN']);
  });

  it('never removes what is not a socket', async () => {
    await bench.backend();
    writeFileSync(bench.path('f'), 'precious');
    const port = bench.port(new Hooks());
    await untilState(port, 'error');
    assert.equal(port.status.error?.code, 'VC-ENDPOINT');
    await port.stop();
    assert.equal(existsSync(bench.path('f')), true);
  });

  it('turns a mistake in the choice of a mode into a refusal', async () => {
    await bench.backend();
    const port = bench.port(new Hooks(() => assert.fail('no table')));
    await untilState(port, 'refused');
    assert.equal(port.status.error?.code, 'VC-INTERNAL');
  });

  it('ends with nothing left when it is stopped, in any state', async () => {
    const backend = await bench.backend();
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    await port.stop();
    assert.equal(port.status.state, 'stopped');
    assert.equal(existsSync(bench.path('f')), false);
    await frontend.ended;
    await until('the back-end is alone', () => backend.live.length === 0);
    await aWhile();
    assert.equal(backend.connections, 1);
  });
});

describe('many ports in one process', () => {
  it('open, negotiate and close without leaving a descriptor', async () => {
    const before = openDescriptors();
    const bench = new Bench();
    const COUNT = 100;
    try {
      const backends = [];
      const ports = [];
      for (let i = 0; i < COUNT; i += 1) {
        backends.push(await bench.backend({ name: `bp${i}` }));
        ports.push(bench.port(new Hooks(), { name: `p${i}` }));
      }
      const frontends = await Promise.all(ports.map(async (_port, i) => await bench.frontend(`fp${i}`)));
      const found = await Promise.all(frontends.map((frontend) => frontend.negotiate()));
      assert.equal(found.filter(({ features }) => features === OVS_2_13.virtioFeatures).length, COUNT);
      assert.equal(ports.filter(({ status }) => status.state === 'negotiated').length, COUNT);
    } finally {
      bench.close();
    }
    assert.equal(openDescriptors(), before);
  });
});
