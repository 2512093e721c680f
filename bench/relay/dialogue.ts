import { ftruncateSync } from 'node:fs';
import { createEventFd, createMemoryFd, socketPair } from '../../agent/fd/libc.ts';
import { OwnedFd } from '../../agent/fd/owned-fd.ts';
import type { MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { readU64, writeMemoryTable, writeU64, writeVringAddress, writeVringState } from '../../agent/vhost/payloads.ts';
import type { RequestName } from '../../compat-tables/protocol/requests.ts';

const NEED_REPLY = 0x8;
/** The features that a guest under QEMU accepts when they are offered: MRG_RXBUF, VERSION_1, no packed ring, and vhost-user's own bit 30. */
const GUEST = 0x1_7020_a782n;
const REPLY_ACK = 1n << 3n;
const BACKEND_REQ = 1n << 5n;
const STATUS = 1n << 16n;
/** Protocol features that QEMU 10 knows. */
const QEMU_PROTOCOL = 0x1_0cbfn;
const RINGS = [0, 1];
const RING_SIZE = 256;
const MEMORY = 0x20_0000;
const USER_ADDRESS = 0x7f00_0000_0000n;

/** The descriptors that one dialogue hands out. */
export interface Handouts {
  readonly memory: OwnedFd;
  readonly requests: readonly [mine: OwnedFd, theirs: OwnedFd];
  readonly kicks: readonly OwnedFd[];
  /** Two for each ring: QEMU sets the call descriptor at the beginning, and again when the driver starts. */
  readonly calls: readonly OwnedFd[];
  readonly errors: readonly OwnedFd[];
}

export function prepare(): Handouts {
  const events = (count: number) => Array.from({ length: count }, () => new OwnedFd(createEventFd()));
  const memory = new OwnedFd(createMemoryFd('guest'));
  ftruncateSync(memory.raw, MEMORY);
  const [mine, theirs] = socketPair();
  return {
    memory,
    requests: [new OwnedFd(mine), new OwnedFd(theirs)],
    kicks: events(RINGS.length),
    calls: events(RINGS.length * 2),
    errors: events(RINGS.length),
  };
}

/** Closes all; descriptors that were sent are closed already, and closing twice is harmless. */
export function closeAll({ memory, requests, kicks, calls, errors }: Handouts): void {
  for (const fd of [memory, ...requests, ...kicks, ...calls, ...errors]) fd.close();
}

/** Counts what is said, to be sure that two ways of connecting had the same work. */
class Counted {
  readonly #frontend: MockFrontend;
  readonly #needReply: number;
  messages = 0;

  constructor(frontend: MockFrontend, replyAck: boolean) {
    this.#frontend = frontend;
    this.#needReply = replyAck ? NEED_REPLY : 0;
  }

  tell(request: RequestName, payload?: Uint8Array, fds: readonly OwnedFd[] = []): void {
    this.messages += 1;
    this.#frontend.tell(request, payload, fds);
  }

  async ask(request: RequestName, payload?: Uint8Array): Promise<void> {
    this.messages += 2;
    await this.#frontend.ask(request, payload);
  }

  /** With need_reply, if that was negotiated. */
  async check(request: RequestName, payload: Uint8Array, fds: readonly OwnedFd[] = []): Promise<void> {
    if (this.#needReply === 0) return this.tell(request, payload, fds);
    this.messages += 2;
    const { payload: outcome } = await this.#frontend.ask(request, payload, fds, this.#needReply);
    if (readU64(outcome) !== 0n) throw new Error(`${request} was refused`);
  }
}

/**
 * What QEMU 10 says for one pair of queues until the guest's driver runs, message for message, and a last question that is
 * answered when all was read. Gives the number of messages in both directions.
 */
export async function negotiate(frontend: MockFrontend, handouts: Handouts): Promise<number> {
  const offered = await frontend.askU64('GET_FEATURES');
  const protocol = (await frontend.askU64('GET_PROTOCOL_FEATURES')) & QEMU_PROTOCOL;
  const said = new Counted(frontend, (protocol & REPLY_ACK) !== 0n);
  said.messages = 4;
  said.tell('SET_PROTOCOL_FEATURES', writeU64(protocol));
  await said.ask('GET_QUEUE_NUM');
  if ((protocol & BACKEND_REQ) !== 0n)
    await said.check('SET_BACKEND_REQ_FD', new Uint8Array(0), [handouts.requests[1]]);
  said.tell('SET_OWNER');
  await said.ask('GET_FEATURES');
  for (const index of RINGS) {
    said.tell('SET_VRING_CALL', writeU64(BigInt(index)), handouts.calls.slice(index * 2, index * 2 + 1));
    said.tell('SET_VRING_ERR', writeU64(BigInt(index)), handouts.errors.slice(index, index + 1));
  }
  for (const index of RINGS) await said.check('SET_VRING_ENABLE', writeVringState({ index, num: 1 }));
  // The guest's driver starts.
  said.tell('SET_FEATURES', writeU64(offered & GUEST));
  if ((protocol & STATUS) !== 0n) {
    await said.ask('GET_STATUS');
    said.tell('SET_STATUS', writeU64(8n));
  }
  await said.check('SET_MEM_TABLE', memoryTable(), [handouts.memory]);
  for (const index of RINGS) startRing(said, handouts, index);
  if ((protocol & STATUS) !== 0n) {
    await said.ask('GET_STATUS');
    said.tell('SET_STATUS', writeU64(15n));
  }
  await said.ask('GET_FEATURES');
  return said.messages;
}

function memoryTable(): Uint8Array {
  return writeMemoryTable([{ guestAddress: 0n, size: BigInt(MEMORY), userAddress: USER_ADDRESS, mmapOffset: 0n }]);
}

function startRing(said: Counted, handouts: Handouts, index: number): void {
  const at = (part: number) => USER_ADDRESS + BigInt(index * 0x1_0000 + part * 0x4000);
  said.tell('SET_VRING_NUM', writeVringState({ index, num: RING_SIZE }));
  said.tell('SET_VRING_BASE', writeVringState({ index, num: 0 }));
  said.tell(
    'SET_VRING_ADDR',
    writeVringAddress({ index, flags: 0, descriptors: at(0), used: at(1), available: at(2), log: 0n }),
  );
  said.tell('SET_VRING_KICK', writeU64(BigInt(index)), handouts.kicks.slice(index, index + 1));
  said.tell('SET_VRING_CALL', writeU64(BigInt(index)), handouts.calls.slice(index * 2 + 1, index * 2 + 2));
}
