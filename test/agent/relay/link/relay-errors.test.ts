import assert from 'node:assert/strict';
import { type FaultyCall, injectFaults } from '../../../../agent/fd/faults.ts';
import { SystemCallError } from '../../../../agent/fd/libc.ts';
import { TruncatedError } from '../../../../agent/fd/libc-message.ts';
import { PartialMessageError } from '../../../../agent/fd/resumable-socket.ts';
import { asCompatError } from '../../../../agent/relay/link/relay-errors.ts';
import { Port } from '../../../../agent/relay/port/port.ts';
import { VhostProtocolError } from '../../../../agent/vhost/errors.ts';
import { encodeReply } from '../../../../agent/vhost/header.ts';
import { writeU64 } from '../../../../agent/vhost/payloads.ts';
import { CompatError } from '../../../../compat-tables/errors/compat-error.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { aWhile, benchForEach, Hooks, hex, until, untilState } from '../../support.ts';

const ENOMEM = 12;

describe('the code of an error', () => {
  const cases: { error: Error; code: string }[] = [
    { error: new VhostProtocolError('header', 'x'), code: 'VC-VHOST-HEADER' },
    { error: new VhostProtocolError('size', 'x'), code: 'VC-VHOST-SIZE' },
    { error: new VhostProtocolError('ring index', 'x'), code: 'VC-VHOST-SIZE' },
    { error: new VhostProtocolError('descriptors', 'x'), code: 'VC-VHOST-FDS' },
    { error: new TruncatedError(3), code: 'VC-VHOST-TRUNCATED' },
    { error: new PartialMessageError('x'), code: 'VC-VHOST-PARTIAL' },
    { error: new SystemCallError('receive', ENOMEM), code: 'VC-VHOST-IO' },
    { error: new Error('a mistake of ours'), code: 'VC-INTERNAL' },
  ];
  for (const { error, code } of cases) {
    it(`of ${error.constructor.name} (${error.message}) is ${code}`, () => {
      const known = asCompatError(error, { interface: 'vhu0', side: 'back-end' });
      assert.deepEqual([known.code, known.message, known.cause], [code, error.message, error]);
      assert.deepEqual(known.details, { interface: 'vhu0', side: 'back-end' });
    });
  }

  it('that has one already is kept', () => {
    const error = new CompatError('VC-VHOST-FLOOD', 'x');
    assert.equal(asCompatError(error, { side: 'front-end' }), error);
  });
});

describe('a port, when', () => {
  const bench = benchForEach(() => injectFaults(undefined));
  const faults = (hooks: Hooks) =>
    hooks.events.filter(({ kind }) => kind === 'fault').map(({ code, details }) => [code, details['side']]);

  function start(hooks: Hooks, partialPatienceMs?: number): Port {
    const [frontend, backend] = [bench.endpoint('listen', 'f'), bench.endpoint('connect', 'b')];
    const config = { name: 'p', deviceType: 'vhost-user-net', frontend, backend };
    const port = new Port(config, hooks, { partialPatienceMs });
    bench.also({ close: () => void port.stop() });
    port.start();
    return port;
  }

  /** The n-th call of this kind from now on fails, once. */
  function failOnce(wanted: FaultyCall, n: number): void {
    let seen = 0;
    injectFaults((call) => {
      if (call !== wanted) return;
      seen += 1;
      if (seen === n) throw new SystemCallError('send', ENOMEM);
    });
  }

  for (const { title, n, side } of [
    { title: 'a request cannot be sent on', n: 1, side: 'back-end' },
    { title: 'a reply cannot be sent on', n: 2, side: 'front-end' },
  ]) {
    it(`${title}: tells VC-VHOST-IO of that side and serves the next front-end`, async () => {
      await bench.backend();
      const hooks = new Hooks();
      const port = start(hooks);
      const frontend = await bench.frontend();
      await untilState(port, 'connected');
      failOnce('sendmmsg', n);
      await assert.rejects(frontend.ask('GET_FEATURES'), /hung up/);
      await until('the fault is told', () => faults(hooks).length > 0);
      assert.deepEqual(faults(hooks), [['VC-VHOST-IO', side]]);
      injectFaults(undefined);
      await untilState(port, 'waiting-frontend');
      await (await bench.frontend()).negotiate();
      assert.equal(port.status.statistics.faults, 1);
    });
  }

  it('a front-end cannot be taken over: tells VC-VHOST-IO, keeps the back-end, which was told nothing, and serves the next', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = start(hooks);
    await untilState(port, 'waiting-frontend');
    failOnce('setsockopt', 1);
    await (await bench.frontend()).ended;
    assert.deepEqual(faults(hooks), [['VC-VHOST-IO', 'front-end']]);
    await (await bench.frontend()).negotiate();
    assert.equal(backend.connections, 1);
  });

  it('a back-end cannot even be asked: tells VC-VHOST-IO and asks again', async () => {
    await bench.backend();
    const hooks = new Hooks();
    failOnce('sendmmsg', 1);
    const port = start(hooks);
    await untilState(port, 'waiting-frontend');
    assert.deepEqual(faults(hooks), [['VC-VHOST-IO', 'back-end']]);
    await (await bench.frontend()).negotiate();
  });

  for (const { title, bytes } of [
    { title: 'inside its header', bytes: '01000000 01' },
    { title: 'before its payload', bytes: '02000000 01000000 08000000' },
    { title: 'inside its payload', bytes: '02000000 01000000 08000000 0000' },
  ]) {
    it(`a front-end stops ${title}: tells VC-VHOST-PARTIAL, sends it away and serves the next`, async () => {
      await bench.backend();
      const hooks = new Hooks();
      const port = start(hooks, 40);
      const frontend = await bench.frontend();
      frontend.raw(hex(bytes));
      await frontend.ended;
      await until('the fault is told', () => faults(hooks).length > 0);
      assert.deepEqual(faults(hooks), [['VC-VHOST-PARTIAL', 'front-end']]);
      assert.match(hooks.events.find(({ kind }) => kind === 'fault')?.text ?? '', /no more for 40 ms/);
      await untilState(port, 'waiting-frontend');
      await (await bench.frontend()).negotiate();
    });
  }

  it('a front-end takes its time, but less than the patience: is served', async () => {
    await bench.backend();
    const hooks = new Hooks();
    const port = start(hooks, 5000);
    const frontend = await bench.frontend();
    frontend.raw(hex('01000000 01'));
    await aWhile();
    frontend.raw(hex('000000 00000000'));
    await frontend.sync();
    await until('both questions are answered', () => port.status.statistics.messages_to_frontend === 2);
    assert.deepEqual(faults(hooks), []);
  });

  it('a back-end stops inside a reply: tells VC-VHOST-PARTIAL of the back-end', async () => {
    let whole = true;
    await bench.backend(
      {},
      {
        intercept: ({ request }, connection) => {
          if (whole || request !== REQUESTS.GET_FEATURES.id) return false;
          connection.write(encodeReply(request, writeU64(1n)).subarray(0, 15));
          return true;
        },
      },
    );
    const hooks = new Hooks();
    const port = start(hooks, 40);
    const frontend = await bench.frontend();
    await untilState(port, 'connected');
    whole = false;
    await assert.rejects(frontend.ask('GET_FEATURES'), /hung up/);
    whole = true;
    await until('the fault is told', () => faults(hooks).length > 0);
    assert.deepEqual(faults(hooks)[0], ['VC-VHOST-PARTIAL', 'back-end']);
    await untilState(port, 'waiting-frontend');
  });
});
