import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createEventFd, createMemoryFd } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import type { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import { encodeReply, encodeRequest, NEED_REPLY } from '../../../../agent/vhost/header.ts';
import {
  writeLog,
  writeMemoryTable,
  writeU64,
  writeVringAddress,
  writeVringState,
} from '../../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { needs } from '../../../peers/needs.ts';
import { FileLimit } from '../../file-limit.ts';
import { aWhile, Bench, Hooks, hex, openDescriptors, until, untilState } from '../../support.ts';
import { MOST_FDS, RawSocket } from '../fuzz/raw.ts';

const eventFds = (count: number) => Array.from({ length: count }, () => new OwnedFd(createEventFd()));
const MOST_U64 = (1n << 64n) - 1n;

// Each case is a mistake that a vhost-user back-end once made, or one that our fuzzer found.
describe('what has hurt others on this socket', () => {
  let bench: Bench;
  let before = 0;
  beforeEach(() => {
    before = openDescriptors();
    bench = new Bench();
  });
  afterEach(async () => {
    bench.close();
    await until('every descriptor is closed', () => openDescriptors() <= before);
  });

  /** A back-end whose every answer to GET_INFLIGHT_FD brings a descriptor. */
  const inflightBackend = () =>
    bench.backend(
      {},
      {
        maxRecorded: 0,
        intercept: ({ request }, connection) => {
          if (request !== REQUESTS.GET_INFLIGHT_FD.id) return false;
          connection.write(encodeReply(request, new Uint8Array(24)), [new OwnedFd(createMemoryFd('inflight'))]);
          return true;
        },
      },
    );

  it('passes a flood of GET_INFLIGHT_FD and keeps none of its descriptors (CVE-2020-10726)', async () => {
    await inflightBackend();
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    const atRest = openDescriptors();
    for (let i = 0; i < 500; i += 1) {
      const { fds } = await frontend.ask('GET_INFLIGHT_FD', new Uint8Array(24));
      assert.equal(fds.length, 1);
    }
    assert.equal(openDescriptors(), atRest);
    assert.equal(port.status.statistics.descriptors_to_frontend, 500);
  });

  it('bounds what a front-end can pile up that asks for descriptors and never reads', async () => {
    await inflightBackend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    await frontend.sync();
    frontend.pause();
    const question = encodeRequest(REQUESTS.GET_INFLIGHT_FD.id, new Uint8Array(24));
    const questions = Buffer.concat(Array.from({ length: 50 }, () => question));
    let most = 0;
    for (let i = 0; i < 200 && frontend.isOpen && !frontend.stalled; i += 1) {
      frontend.raw(questions);
      await aWhile(1);
      most = Math.max(most, openDescriptors());
    }
    // What the kernel holds for the front-end is not ours; what waits with us is no more than one flood's worth.
    assert.ok(most - before < 400, `${most - before} descriptors were open`);
    await until('an end', () => frontend.stalled || hooks.codes().includes('VC-VHOST-FLOOD'));
    frontend.close();
    await until('a port without its front-end', () => port.status.peer === undefined);
  });

  it('does not grow with SET_VRING_NUM, however often it comes (CVE-2019-14818)', async () => {
    await bench.backend({}, { maxRecorded: 0 });
    const port = bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    for (let i = 0; i < 2000; i += 1) {
      frontend.tell('SET_VRING_NUM', writeVringState({ index: i % 256, num: i }));
      if (i % 50 === 49) await frontend.sync();
    }
    assert.equal(port.status.ringSizes.size, 256);
    assert.equal(port.status.ringSizes.get(1999 % 256), 1999);
  });

  const table = (count: number) => Uint8Array.from(Buffer.concat([hex('00000000 00000000'), Buffer.alloc(count * 32)]));
  const counted = (count: number, payload: Uint8Array) => {
    new DataView(payload.buffer).setUint32(0, count, true);
    return payload;
  };
  const state = (index: number) => writeVringState({ index, num: 1 });
  const address = (index: number) =>
    writeVringAddress({ index, flags: 0, descriptors: 0n, used: 0n, available: 0n, log: 0n });
  const refused: { title: string; code: string; send(frontend: MockFrontend): void }[] = [
    ...[0x100, 0x1_0000, 0x1_0001, 0xffff_ffff].map((index) => ({
      title: `a ring index of 0x${index.toString(16)}, which is small when it is cut (CVE-2020-10723)`,
      code: 'VC-VHOST-SIZE',
      send: (f: MockFrontend) => f.tell('SET_VRING_ENABLE', state(index)),
    })),
    {
      title: 'ring 65536 in an address',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.tell('SET_VRING_ADDR', address(0x1_0000)),
    },
    {
      title: 'ring 65537 in a question',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.tell('GET_VRING_BASE', state(0x1_0001)),
    },
    {
      title: 'a table of 2^27 regions, whose size is 0 in 32 bits (CVE-2021-3839)',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.tell('SET_MEM_TABLE', counted(0x0800_0000, table(0)), eventFds(2)),
    },
    {
      title: 'a table of nine regions, all of them there',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.tell('SET_MEM_TABLE', counted(9, table(9)), eventFds(9)),
    },
    {
      title: 'all 64 features (a mask is never a number)',
      code: 'VC-ACK-OUTSIDE-OFFER',
      send: (f) => f.tell('SET_FEATURES', writeU64(MOST_U64)),
    },
    {
      title: 'a descriptor with a request that is refused for its size (CVE-2022-0669)',
      code: 'VC-VHOST-SIZE',
      send: (f) => f.tell('SET_VRING_KICK', hex('00'), eventFds(1)),
    },
    {
      title: 'descriptors with SET_VRING_NUM (CVE-2019-14818)',
      code: 'VC-VHOST-FDS',
      send: (f) => f.tell('SET_VRING_NUM', state(0), eventFds(8)),
    },
    {
      title: 'two logs',
      code: 'VC-VHOST-FDS',
      send: (f) => f.tell('SET_LOG_BASE', writeLog(4096n, 0n), eventFds(2)),
    },
  ];
  for (const { title, code, send } of refused) {
    it(`sends a front-end away for ${title}`, async () => {
      const backend = await bench.backend();
      const hooks = new Hooks();
      const port = bench.port(hooks);
      const attacker = await bench.frontend();
      await attacker.sync();
      const told = backend.received.length;
      send(attacker);
      await attacker.ended;
      await until('the event', () => hooks.codes().length > 0);
      assert.deepEqual(hooks.codes(), [code]);
      assert.equal(backend.received.length, told, 'the back-end hears nothing of it');
      assert.equal(port.status.queuePairs, undefined);
      await (await bench.frontend()).negotiate();
    });
  }

  it('passes numbers of 64 bits on as they came (CVE-2020-10722)', async () => {
    const backend = await bench.backend();
    bench.port(new Hooks());
    const frontend = await bench.frontend();
    await frontend.negotiate();
    const log = writeLog(MOST_U64, MOST_U64 - 4095n);
    const region = { guestAddress: MOST_U64, size: MOST_U64, userAddress: (1n << 53n) + 1n, mmapOffset: 1n << 63n };
    frontend.tell('SET_LOG_BASE', log, eventFds(1));
    frontend.tell('SET_MEM_TABLE', writeMemoryTable([region]), eventFds(1));
    await until('both are there', () => backend.received.at(-1)?.name === 'SET_MEM_TABLE');
    const [first, second] = backend.received.slice(-2);
    assert.deepEqual([...(first?.payload ?? [])], [...log]);
    assert.deepEqual([...(second?.payload ?? [])], [...writeMemoryTable([region])]);
  });

  it('closes what came of 253 descriptors in one message', async () => {
    await bench.backend();
    const hooks = new Hooks();
    await untilState(bench.port(hooks), 'waiting-frontend');
    const attacker = bench.also(connected(bench.path('f')));
    assert.equal(attacker.send(encodeRequest(999, hex('00')), new Array(MOST_FDS).fill(attacker.fd)), 13);
    await untilSaid(hooks);
    assert.deepEqual(hooks.codes(), ['VC-VHOST-FDS']);
    await (await bench.frontend()).negotiate();
  });

  it('survives a table of open files that is full when descriptors arrive', async function () {
    needs(this, 'prlimit', 'util-linux');
    await bench.backend();
    await bench.backend({ name: 'bq' });
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const good = new Hooks();
    bench.port(good, { name: 'q' });
    const neighbour = await bench.frontend('fq');
    await neighbour.negotiate();
    await untilState(port, 'waiting-frontend');
    const attacker = bench.also(connected(bench.path('f')));
    const message = encodeRequest(999, hex('00'));
    attacker.send(message);
    await until('a served attacker', () => port.status.statistics.messages_to_backend > 0);
    const files = await FileLimit.lower();
    const fillers: number[] = [];
    try {
      fillTable(fillers);
      assert.equal(attacker.send(message, new Array(6).fill(attacker.fd)), message.length);
      for (let n = 0; n < 20; n += 1) {
        await neighbour.sync();
        await aWhile(5);
      }
      assert.equal(port.status.statistics.descriptors_to_backend, 0, 'none of them, rather than some');
    } finally {
      for (const fd of fillers) closeSync(fd);
      await files.restore();
    }
    // It says so once, waits until there is room, and then goes on as if nothing had been.
    await until('the message is there', () => port.status.statistics.descriptors_to_backend === 6);
    assert.deepEqual(hooks.codes(), ['VC-VHOST-TRUNCATED']);
    assert.equal(port.status.statistics.faults, 0);
    attacker.close();
    assert.deepEqual(good.codes(), []);
    // a front-end that connects while the port closes the first one is hung up on, as any that comes too early
    await until('its end', () => hooks.kinds().includes('frontend-left'));
    await (await bench.frontend()).negotiate();
  });

  it('serves one front-end at a time when one says nothing, and the next when it is gone', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const silent = await bench.frontend();
    await untilState(port, 'connected');
    const second = await bench.frontend();
    await Promise.race([silent.ended, second.ended]); // who has to go depends on how long the silence was
    assert.deepEqual(hooks.codes(), ['VC-FRONTEND-BUSY']);
    assert.notEqual(silent.isOpen, second.isOpen);
    silent.close();
    second.close();
    await (await bench.frontend()).negotiate();
    assert.equal(backend.live.length, 1);
  });

  it('does not turn in circles while a peer is in the middle of a message', async function () {
    if (loops() === 0) return this.skip(); // this node does not count them
    const backend = await bench.backend();
    const port = bench.port(new Hooks());
    const loris = await bench.frontend();
    await loris.sync();
    const told = port.status.statistics.messages_to_backend;
    const message = encodeRequest(REQUESTS.SET_VRING_KICK.id, writeU64(0n));
    let turns = 0;
    for (const [i, byte] of message.entries()) {
      loris.raw(Uint8Array.of(byte), i === 0 ? eventFds(1) : []);
      const from = loops();
      await aWhile(10);
      turns += loops() - from;
      if (i < message.length - 1)
        assert.equal(port.status.statistics.messages_to_backend, told, 'not before it is whole');
    }
    await until('the message', () => port.status.statistics.messages_to_backend === told + 1);
    // Some for each byte and each timer; whoever is told of the same bytes again and again makes thousands.
    assert.ok(turns < 500, `${turns} turns of the event loop`);
    await loris.sync();
    assert.equal(backend.received.find(({ name }) => name === 'SET_VRING_KICK')?.fds, 1);
  });

  it('notices the end of a front-end that gave its own socket away', async () => {
    await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    const attacker = connected(bench.path('f'));
    for (let i = 0; i < 8; i += 1) attacker.send(encodeRequest(999, hex('00')), new Array(8).fill(attacker.fd));
    await until('the messages', () => port.status.statistics.descriptors_to_backend === 64);
    attacker.close();
    await until('its end', () => hooks.kinds().includes('frontend-left'));
    await (await bench.frontend()).negotiate();
  });

  it('does not let one front-end fill the history that all ports share', async () => {
    await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    const frontend = await bench.frontend();
    await frontend.negotiateProtocol();
    const before = hooks.events.length;
    for (let i = 0; i < 300; i += 1) await frontend.ask('SET_FEATURES', writeU64(1n << 63n), [], NEED_REPLY);
    assert.equal(port.status.statistics.refusals, 300, 'each is counted');
    const told = hooks.events.slice(before);
    assert.equal(told.length, 20);
    assert.equal(told.at(-1)?.details['left_out'], 127);
    assert.equal(frontend.isOpen, true);
  });

  it('serves on after a storm of connections that hang up at once', async () => {
    const backend = await bench.backend();
    const hooks = new Hooks();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    let connected = 0;
    for (let i = 0; i < 300; i += 1) {
      const one = RawSocket.connect(bench.path('f'));
      if (one) connected += 1;
      one?.close();
      if (i % 10 === 9) await aWhile(1);
    }
    assert.ok(connected >= 10, `${connected} connections`);
    await (await bench.frontend()).negotiate();
    assert.equal(backend.connections, 1);
    assert.deepEqual(
      hooks.codes().filter((code) => code !== 'VC-FRONTEND-BUSY'),
      [],
    );
  });
});

function connected(path: string): RawSocket {
  const socket = RawSocket.connect(path);
  assert.ok(socket, `somebody listens on ${path}`);
  return socket;
}

/** A port may take its time for another look at a message that lost its descriptors. */
async function untilSaid(hooks: Hooks): Promise<void> {
  for (let i = 0; i < 150 && hooks.codes().length === 0; i += 1) await aWhile(100);
}

/** How often the event loop has turned; 0 when this node does not tell. */
function loops(): number {
  const timing = performance.nodeTiming as { readonly uvMetricsInfo?: { readonly loopCount: number } };
  return timing.uvMetricsInfo?.loopCount ?? 0;
}

/** Takes every free number. */
function fillTable(into: number[]): void {
  for (;;) {
    try {
      into.push(openSync('/dev/null', 'r'));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EMFILE');
      return;
    }
  }
}
