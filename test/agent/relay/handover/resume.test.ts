import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { createMemoryFd, socketPair } from '../../../../agent/fd/libc.ts';
import { peek, receive, send } from '../../../../agent/fd/libc-message.ts';
import { createPipe, setPeekOffset } from '../../../../agent/fd/libc-stream.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import type { PendingMessage, Side } from '../../../../agent/relay/handover/journal-format.ts';
import { resumeExchange } from '../../../../agent/relay/handover/resume.ts';
import { StoredPair } from '../../../../agent/relay/handover/stored-pair.ts';
import { openChannel } from '../../../../agent/relay/link/backend-link.ts';
import { BARRIER, Exchange } from '../../../../agent/relay/link/exchange.ts';
import { noStatistics } from '../../../../agent/relay/port/port-status.ts';
import { beginSession, type SessionState } from '../../../../agent/relay/session/session.ts';
import { encodeReply, encodeRequest, NEED_REPLY } from '../../../../agent/vhost/header.ts';
import { writeMemoryTable } from '../../../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { aWhile, entryOf, OVS_3_2, openDescriptors, until } from '../../support.ts';
import { HEAD } from './keepers.ts';

const TABLE = writeMemoryTable([{ guestAddress: 0n, size: 0x1000n, userAddress: 0x1000n, mmapOffset: 0n }]);
const SET_MEM_TABLE = encodeRequest(REQUESTS.SET_MEM_TABLE.id, TABLE, NEED_REPLY);
const INFLIGHT = encodeReply(REQUESTS.GET_INFLIGHT_FD.id, new Uint8Array(20));
/** The barrier: a question of the relay's own. */
const QUESTION = encodeRequest(BARRIER);

/** Two pairs of sockets with a message in one of them that the process before was sending when it was ended. */
class Left {
  readonly near: Readonly<Record<Side, OwnedFd>>;
  readonly far: Readonly<Record<Side, OwnedFd>>;
  readonly pipes: Readonly<Record<Side, OwnedFd>>;
  #undo: () => void = () => {};

  constructor() {
    const [front, farFront] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    const [back, farBack] = socketPair().map((fd) => new OwnedFd(fd)) as [OwnedFd, OwnedFd];
    this.near = { frontend: front, backend: back };
    this.far = { frontend: farFront, backend: farBack };
    this.pipes = { frontend: new OwnedFd(createPipe(16_384)), backend: new OwnedFd(createPipe(16_384)) };
    for (const fd of [front, back]) setPeekOffset(fd.raw, 0);
  }

  /** A message with one descriptor that was peeked at, whole. */
  underWay(from: Side, bytes: Uint8Array): void {
    const file = new OwnedFd(createMemoryFd('test'));
    assert.equal(send(this.far[from].raw, bytes, [file.raw]), bytes.length);
    file.close();
    const got = peek(this.near[from].raw, new Uint8Array(bytes.length));
    assert.equal(got?.bytes, bytes.length);
    for (const fd of got?.fds ?? []) new OwnedFd(fd).close();
  }

  resume(pending: PendingMessage, change: Partial<SessionState>): Exchange {
    const mode = entryOf();
    const begun = beginSession({ interface: 'p', mode }, OVS_3_2);
    const state = { ...begun, relayed: true, ackedProtocol: OVS_3_2.protocolFeatures, ...change };
    const channels = {
      frontend: openChannel(this.near.frontend, this.pipes.frontend),
      backend: openChannel(this.near.backend, this.pipes.backend),
    };
    const record = { state, messages: [pending], barriers: 0 };
    const quiet = { ready: () => {}, failed: () => {} };
    const stored = StoredPair.begin(undefined, channels, HEAD, record, quiet);
    const exchange = new Exchange(
      {
        interface: 'p',
        mode,
        abilities: OVS_3_2,
        peer: HEAD.peer,
        statistics: noStatistics(),
        traceListener: () => undefined,
      },
      channels,
      state,
      () => stored,
      { changed: () => {}, refused: () => {}, starved: () => {} },
    );
    for (const side of ['frontend', 'backend'] as const)
      channels[side].events = {
        readable: () => exchange.readable(side),
        writable: () => exchange.writable(side),
        closed: () => {},
      };
    this.#undo = () => {
      exchange.end('forNext');
      for (const channel of Object.values(channels)) channel.leave();
    };
    resumeExchange(exchange, channels, record, 'p');
    exchange.begin();
    return exchange;
  }

  /** What a peer has got by now, its descriptors closed. */
  heard(side: Side): Buffer {
    const into = Buffer.alloc(4096);
    const got = receive(this.far[side].raw, into);
    for (const fd of got?.fds ?? []) new OwnedFd(fd).close();
    return into.subarray(0, got?.bytes ?? 0);
  }

  async hears(side: Side): Promise<Buffer> {
    let heard: Buffer = Buffer.alloc(0);
    await until(`something at the ${side}`, () => {
      heard = this.heard(side);
      return heard.length > 0;
    });
    return heard;
  }

  tell(side: Side, bytes: Uint8Array): void {
    assert.equal(send(this.far[side].raw, bytes, []), bytes.length);
  }

  close(): void {
    this.#undo();
    for (const fds of [this.near, this.far, this.pipes]) for (const fd of Object.values(fds)) fd.close();
  }
}

describe('what was under way when a process was ended', () => {
  let left: Left;
  let before = 0;
  beforeEach(() => {
    before = openDescriptors();
    left = new Left();
  });
  afterEach(() => {
    left.close();
    assert.equal(openDescriptors(), before, 'every descriptor is closed');
  });
  const request: PendingMessage = {
    ...{ from: 'frontend', to: 'backend', via: 'descriptors', request: REQUESTS.SET_MEM_TABLE.id },
    ...{ asks: true, descriptors: 1, bytes: SET_MEM_TABLE.length },
  };
  const pending = [{ request: REQUESTS.SET_MEM_TABLE.id }];

  it('is found out by one question, also when that was staged already', async () => {
    left.underWay('frontend', SET_MEM_TABLE);
    writeSync(left.pipes.backend.raw, QUESTION);
    left.resume(request, { pending });
    assert.deepEqual([...(await left.hears('backend'))], [...QUESTION]);
    const reply = encodeReply(REQUESTS.SET_MEM_TABLE.id, new Uint8Array(8));
    left.tell('backend', reply);
    assert.deepEqual([...(await left.hears('frontend'))], [...reply]);
    left.tell('backend', encodeReply(REQUESTS.GET_FEATURES.id, new Uint8Array(8)));
    await aWhile();
    assert.deepEqual([left.heard('frontend').length, left.heard('backend').length], [0, 0], 'nobody hears more');
  });

  it('is waited for in postcopy, where a question would be taken for a consent', async () => {
    left.underWay('frontend', SET_MEM_TABLE);
    const exchange = left.resume(request, { pending, postcopy: true });
    await aWhile(100);
    assert.equal(left.heard('backend').length, 0, 'the back-end is asked nothing');
    const table = encodeReply(REQUESTS.SET_MEM_TABLE.id, TABLE);
    left.tell('backend', table);
    assert.deepEqual([...(await left.hears('frontend'))], [...table]);
    await until('an exchange at rest', () => !exchange.towardBackend);
    const consent = encodeRequest(REQUESTS.SET_MEM_TABLE.id, new Uint8Array(8));
    left.tell('frontend', consent);
    assert.equal((await left.hears('backend')).length, consent.length, 'the next message goes on');
  });

  it('is found out in postcopy, too, where a region is answered that nobody asked to be', async () => {
    const region = encodeRequest(REQUESTS.ADD_MEM_REG.id, new Uint8Array(40));
    left.underWay('frontend', region);
    const message = { ...request, request: REQUESTS.ADD_MEM_REG.id, bytes: region.length };
    left.resume(message, { pending: [{ request: REQUESTS.ADD_MEM_REG.id }], postcopy: true });
    assert.deepEqual([...(await left.hears('backend'))], [...QUESTION]);
    left.tell('backend', encodeReply(REQUESTS.GET_FEATURES.id, new Uint8Array(8)));
    assert.deepEqual([...(await left.hears('backend'))], [...region], 'it had not been sent');
  });

  for (const name of ['ADD_MEM_REG', 'REM_MEM_REG'] as const) {
    it(`is not sent again when it is ${name} and nobody answers it: twice is not once`, () => {
      const bytes = encodeRequest(REQUESTS[name].id, new Uint8Array(40));
      left.underWay('frontend', bytes);
      const message = { ...request, request: REQUESTS[name].id, asks: false, bytes: bytes.length };
      assert.throws(() => left.resume(message, {}), {
        code: 'VC-RESUME',
        message: new RegExp(`${name}.*nobody answers it`),
      });
    });
  }

  it('is lost when a message was taken in part: what is left of it is no message', () => {
    const bytes = encodeRequest(99, new Uint8Array(12));
    left.underWay('frontend', bytes);
    const got = receive(left.near.frontend.raw, new Uint8Array(12));
    assert.equal(got?.bytes, 12);
    for (const fd of got.fds) new OwnedFd(fd).close();
    const message: PendingMessage = {
      ...request,
      to: 'frontend',
      via: 'taken',
      request: 99,
      descriptors: 0,
      bytes: bytes.length,
    };
    assert.throws(() => left.resume(message, {}), { code: 'VC-RESUME', message: /was taken from the kernel/ });
  });

  it('stays where it is when this process goes, too, before it was found out', () => {
    left.underWay('backend', INFLIGHT);
    const message: PendingMessage = {
      ...{ from: 'backend', to: 'frontend', via: 'descriptors', request: REQUESTS.GET_INFLIGHT_FD.id },
      ...{ asks: false, descriptors: 1, bytes: INFLIGHT.length },
    };
    const exchange = left.resume(message, { pending: [] });
    exchange.end('forNext');
    const got = receive(left.near.backend.raw, new Uint8Array(64));
    assert.equal(got?.bytes, INFLIGHT.length);
    for (const fd of got?.fds ?? []) new OwnedFd(fd).close();
  });
});
