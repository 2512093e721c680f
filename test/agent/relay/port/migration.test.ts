import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { createMemoryFd } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import type { MockMessage } from '../../../../agent/mock/connection.ts';
import { encodeReply, encodeRequest, NEED_REPLY } from '../../../../agent/vhost/header.ts';
import { writeU64, writeVringState } from '../../../../agent/vhost/payloads.ts';
import { maskOf } from '../../../../compat-tables/bits/mask.ts';
import { LOG_ALL } from '../../../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../../../compat-tables/bits/vhost-user-protocol.ts';
import { REQUESTS, type RequestName } from '../../../../compat-tables/protocol/requests.ts';
import { benchForEach, entryOf, Hooks, hex, OVS_3_2, until } from '../../support.ts';

/** A back-end that can do all that a migration may need. */
const ABILITIES = {
  ...OVS_3_2,
  protocolFeatures:
    OVS_3_2.protocolFeatures |
    maskOf(PROTOCOL, 'PAGEFAULT', 'INFLIGHT_SHMFD', 'CONFIGURE_MEM_SLOTS', 'STATUS', 'DEVICE_STATE'),
};

/** What one side says: a payload in hex, and how many descriptors come along. */
interface Said {
  readonly payload?: string;
  readonly fds?: number;
}

/** A request and, where one is due, the reply that the back-end gives to it. */
interface Exchange extends Said {
  readonly ask: RequestName;
  readonly flags?: number;
  readonly reply?: Said;
}

const u64 = (value: bigint) => Buffer.from(writeU64(value)).toString('hex');
const DONE = u64(0n);
const ring = (index: number, num = 0) => Buffer.from(writeVringState({ index, num })).toString('hex');

const FEATURES = OVS_3_2.virtioFeatures & ~LOG_ALL;
/** A piece of memory: where the guest has it, its length, where the peer has it, where in the file it begins. */
const region = (at: bigint, peerHas = 0x7f00_0000_0000n) => u64(at) + u64(0x10_0000n) + u64(peerHas + at) + u64(at);
const table = (peerHas?: bigint) => `02000000 00000000 ${region(0n, peerHas)} ${region(0x10_0000n, peerHas)}`;
const slot = (peerHas?: bigint) => u64(0n) + region(0n, peerHas);
/** Where a back-end has mapped the memory, which it tells during postcopy. */
const MAPPED = 0x7e00_0000_0000n;
/** Length and offset in the file, two rings of 256. */
const INFLIGHT = `${u64(4096n)} ${u64(0n)} 0200 0001`;
const LOG = `${u64(0x1000n)} ${u64(0n)}`;
const address = (index: number) =>
  `0${index}000000 01000000 ${u64(1n << 40n)} ${u64(2n << 40n)} ${u64(3n << 40n)} ${u64(4n << 12n)}`;

const dialogues: { readonly title: string; readonly exchanges: readonly Exchange[] }[] = [
  {
    title: "QEMU's at the source: the log, LOG_ALL, the rings that log, their end",
    exchanges: [
      // As DPDK replies.
      { ask: 'SET_LOG_BASE', payload: LOG, fds: 1, reply: {} },
      { ask: 'SET_FEATURES', payload: u64(FEATURES | LOG_ALL), flags: NEED_REPLY, reply: { payload: DONE } },
      { ask: 'GET_STATUS', reply: { payload: u64(0xfn) } },
      { ask: 'SET_VRING_ADDR', payload: address(0), flags: NEED_REPLY, reply: { payload: DONE } },
      { ask: 'SET_VRING_ADDR', payload: address(1), flags: NEED_REPLY, reply: { payload: DONE } },
      { ask: 'GET_VRING_BASE', payload: ring(0), reply: { payload: ring(0, 6) } },
      { ask: 'GET_VRING_BASE', payload: ring(1), reply: { payload: ring(1, 12) } },
      { ask: 'SET_STATUS', payload: u64(0n) },
    ],
  },
  {
    title: 'a migration that is given up and begun anew, with the log as other back-ends acknowledge it',
    exchanges: [true, false, true, false].flatMap((on): Exchange[] => [
      { ask: 'SET_LOG_BASE', payload: LOG, fds: 1, reply: { payload: DONE } },
      { ask: 'SET_LOG_FD', fds: 1 },
      { ask: 'SET_FEATURES', payload: u64(on ? FEATURES | LOG_ALL : FEATURES) },
    ]),
  },
  {
    title: 'the announcement at the destination',
    exchanges: [{ ask: 'SEND_RARP', payload: '525400000002 0000', flags: NEED_REPLY, reply: { payload: DONE } }],
  },
  {
    title: 'postcopy with a table of memory',
    exchanges: [
      { ask: 'POSTCOPY_ADVISE', reply: { fds: 1 } },
      { ask: 'POSTCOPY_LISTEN', flags: NEED_REPLY, reply: { payload: DONE } },
      { ask: 'SET_MEM_TABLE', payload: table(), fds: 2, reply: { payload: table(MAPPED) } },
      { ask: 'SET_MEM_TABLE', payload: DONE },
      { ask: 'POSTCOPY_END', flags: NEED_REPLY, reply: { payload: DONE } },
    ],
  },
  {
    title: 'postcopy with slots of memory',
    exchanges: [
      { ask: 'POSTCOPY_ADVISE', reply: { fds: 1 } },
      { ask: 'POSTCOPY_LISTEN', flags: NEED_REPLY, reply: { payload: DONE } },
      // QEMU asks for no reply to either, and reads one to the first.
      { ask: 'ADD_MEM_REG', payload: slot(), fds: 1, reply: { payload: slot(MAPPED) } },
      { ask: 'ADD_MEM_REG', payload: DONE },
      { ask: 'POSTCOPY_END', flags: NEED_REPLY, reply: { payload: DONE } },
    ],
  },
  {
    title: 'the buffer of requests in flight',
    exchanges: [
      { ask: 'GET_INFLIGHT_FD', payload: INFLIGHT, reply: { payload: INFLIGHT, fds: 1 } },
      { ask: 'SET_INFLIGHT_FD', payload: INFLIGHT, fds: 1 },
      { ask: 'GET_INFLIGHT_FD', payload: INFLIGHT, reply: { payload: INFLIGHT } },
    ],
  },
  {
    title: 'the state of the device through the descriptor of either side',
    exchanges: [
      { ask: 'SET_DEVICE_STATE_FD', payload: '00000000 00000000', fds: 1, reply: { payload: u64(0x100n) } },
      { ask: 'CHECK_DEVICE_STATE', reply: { payload: DONE } },
      { ask: 'SET_DEVICE_STATE_FD', payload: '01000000 00000000', fds: 1, reply: { payload: DONE, fds: 1 } },
      { ask: 'CHECK_DEVICE_STATE', reply: { payload: u64(1n) } },
    ],
  },
  {
    title: 'memory that comes and goes',
    exchanges: [
      { ask: 'ADD_MEM_REG', payload: slot(), fds: 1, flags: NEED_REPLY, reply: { payload: DONE } },
      { ask: 'REM_MEM_REG', payload: slot(), flags: NEED_REPLY, reply: { payload: DONE } },
      { ask: 'ADD_MEM_REG', payload: slot(), fds: 1 },
      { ask: 'REM_MEM_REG', payload: slot(), fds: 1 },
      { ask: 'ADD_MEM_REG', payload: slot() },
      { ask: 'REM_MEM_REG', payload: slot() },
    ],
  },
];

/** A message as one can compare it: its bytes, and which files came along. */
interface Seen {
  readonly bytes: string;
  readonly files: readonly string[];
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** The same for every descriptor of the file, whoever holds it. */
const fileOf = (fd: OwnedFd) => String(fstatSync(fd.raw).ino);
const seen = ({ bytes, fds }: MockMessage): Seen => ({ bytes: text(bytes), files: fds.map(fileOf) });
const files = (count = 0) => Array.from({ length: count }, (_, i) => new OwnedFd(createMemoryFd(`file ${i}`)));

describe('a port during a migration', () => {
  const bench = benchForEach();

  /** Both peers with a port between them, after the start of the device; from there on the test replies. */
  async function running() {
    const requests: Seen[] = [];
    const replies: Seen[] = [];
    const script: (Exchange['reply'] | undefined)[] = [];
    const given: Seen[] = [];
    let scripted = false;
    await bench.backend(
      { abilities: ABILITIES },
      {
        intercept: (message, connection) => {
          if (!scripted) return false;
          requests.push(seen(message));
          const reply = script.shift();
          if (reply === undefined) return true;
          const fds = files(reply.fds);
          const bytes = encodeReply(message.request, hex(reply.payload ?? ''));
          given.push({ bytes: text(bytes), files: fds.map(fileOf) });
          connection.write(bytes, fds);
          return true;
        },
      },
    );
    const hooks = new Hooks({ mode: entryOf({ virtioFeatures: ABILITIES.virtioFeatures }) });
    const port = bench.port(hooks);
    const look = (message: MockMessage) => void (scripted && replies.push(seen(message)));
    const frontend = await bench.frontend('f', 'connect', { look });
    await frontend.negotiate({ ack: FEATURES });
    scripted = true;

    /** Sends a request; returns what the back-end has to see of it. */
    const send = ({ ask, payload, flags, fds, reply }: Exchange): Seen => {
      script.push(reply);
      const bytes = encodeRequest(REQUESTS[ask].id, hex(payload ?? ''), flags);
      const sent = files(fds);
      const expected = { bytes: text(bytes), files: sent.map(fileOf) };
      frontend.raw(bytes, sent);
      return expected;
    };
    return { port, hooks, send, requests, replies, given };
  }

  for (const { title, exchanges } of dialogues) {
    it(`passes on ${title}`, async () => {
      const { port, hooks, send, requests, replies, given } = await running();
      const events = hooks.events.length;
      const sent: Seen[] = [];
      let due = 0;
      for (const exchange of exchanges) {
        sent.push(send(exchange));
        due += exchange.reply ? 1 : 0;
        await until(`${exchange.ask} at the back-end`, () => requests.length === sent.length);
        await until(`the reply to ${exchange.ask}`, () => replies.length === due);
      }
      assert.deepEqual(requests, sent);
      assert.deepEqual(replies, given);
      assert.deepEqual(hooks.events.slice(events), []);
      assert.equal(port.status.state, 'negotiated');
    });
  }

  it('keeps the descriptors of requests apart that come in one go', async () => {
    const { send, requests } = await running();
    const exchanges = dialogues.flatMap((one) => one.exchanges).filter(({ reply }) => reply === undefined);
    const sent = exchanges.map(send);
    await until('the last request', () => requests.length === sent.length);
    assert.deepEqual(requests, sent);
    assert.ok(new Set(sent.map((one) => one.files.length)).size > 1, 'with and without descriptors');
  });

  it('shows whether the back-end records what it writes', async () => {
    const { port, send, requests } = await running();
    for (const acked of [FEATURES | LOG_ALL, FEATURES]) {
      const sent = send({ ask: 'SET_FEATURES', payload: u64(acked) });
      await until('SET_FEATURES at the back-end', () => requests.at(-1)?.bytes === sent.bytes);
      await until('it shown', () => port.status.acked === acked);
    }
  });

  it('refuses another feature that would change along with LOG_ALL', async () => {
    const { port, send, requests, replies } = await running();
    const changed = (FEATURES | LOG_ALL) & ~1n;
    send({ ask: 'SET_FEATURES', payload: u64(changed), flags: NEED_REPLY });
    await until('an answer', () => replies.length === 1);
    assert.deepEqual(replies, [{ bytes: text(encodeReply(REQUESTS.SET_FEATURES.id, writeU64(1n))), files: [] }]);
    assert.deepEqual(requests, []);
    await until('the error', () => port.status.error?.code === 'VC-FEATURES-RUNNING');
    assert.equal(port.status.acked, FEATURES);
  });
});
