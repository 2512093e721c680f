import { ftruncateSync } from 'node:fs';
import { PROTOCOL_FEATURES, PROTOCOL_MQ, REPLY_ACK } from '../../compat-tables/bits/named-masks.ts';
import type { Endpoint } from '../../compat-tables/protocol/endpoint.ts';
import { REQUESTS, type RequestName, requestName } from '../../compat-tables/protocol/requests.ts';
import { firstConnection } from '../fd/first-connection.ts';
import { createEventFd, createMemoryFd } from '../fd/libc.ts';
import { OwnedFd } from '../fd/owned-fd.ts';
import { encodeRequest, NEED_REPLY } from '../vhost/header.ts';
import { readU64, writeMemoryTable, writeU64, writeVringAddress, writeVringState } from '../vhost/payloads.ts';
import { MockConnection, type MockMessage } from './connection.ts';

const GUEST_MEMORY = 0x20_0000;

export interface FrontendOptions {
  /** Milliseconds to connect, and for each reply; default 5000. */
  readonly timeoutMs?: number;
  /** Sees each message of the peer before its descriptors are closed. */
  readonly look?: (message: MockMessage) => void;
}

export interface NegotiateOptions {
  /** The virtio features to accept; default: all that are offered. */
  readonly ack?: bigint;
  /** The protocol features that this front-end knows; default: all. */
  readonly protocol?: bigint;
  readonly queuePairs?: number;
  readonly ringSize?: number;
}

/** A request by its name, or by its number when it is an unknown one. */
type Asked = RequestName | number;

/** What a front-end was offered, and what it accepted. */
export interface Negotiated {
  readonly features: bigint;
  readonly protocolFeatures: bigint;
  /** Undefined when the back-end side has no MQ protocol feature. */
  readonly queueNum: number | undefined;
  readonly acked: bigint;
  readonly ackedProtocol: bigint;
}

/** A front-end that asks, accepts and starts rings in QEMU's order, with real descriptors and without a guest. */
export class MockFrontend {
  readonly #connection: MockConnection;
  readonly #timeoutMs: number;
  readonly #look: FrontendOptions['look'];
  readonly #waiting: { resolve(reply: MockMessage): void; reject(error: Error): void }[] = [];
  #ended: () => void = () => {};
  #over = false;
  #ackedProtocol = 0n;
  /** Resolves when the connection ends, whichever side ends it. */
  readonly ended: Promise<void>;

  /** A front-end on an existing connection. */
  constructor(fd: OwnedFd, { timeoutMs = 5000, look }: FrontendOptions = {}) {
    this.#timeoutMs = timeoutMs;
    this.#look = look;
    this.ended = new Promise((resolve) => {
      this.#ended = resolve;
    });
    const close = (): void => this.#close();
    this.#connection = new MockConnection(fd, (message) => this.#reply(message), close);
  }

  /** Connects, waiting for the socket to appear, or listens until somebody connects. */
  static async open(endpoint: Endpoint, options: FrontendOptions = {}): Promise<MockFrontend> {
    const { timeoutMs = 5000 } = options;
    const text = `Cannot open the front-end: no connection on ${endpoint.path} within ${timeoutMs} ms`;
    const pauses = { firstPauseMs: 10, longestPauseMs: 50 };
    return new MockFrontend(await firstConnection(endpoint, pauses, timeoutMs, () => new Error(text)), options);
  }

  get isOpen(): boolean {
    return !this.#over;
  }

  /** The peer does not read: what was sent last waits here. */
  get stalled(): boolean {
    return this.#connection.stalled;
  }

  #reply(message: MockMessage): void {
    this.#look?.(message);
    for (const fd of message.fds) fd.close();
    this.#waiting.shift()?.resolve(message);
  }

  #close(): void {
    this.#over = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('The other side hung up before it replied'));
    this.#ended();
  }

  /** Sends a request that gets no reply. Its descriptors are closed when they are sent. */
  tell(request: Asked, payload?: Uint8Array, fds: readonly OwnedFd[] = [], flags = 0): void {
    const id = typeof request === 'number' ? request : REQUESTS[request].id;
    this.#connection.write(encodeRequest(id, payload, flags), fds);
  }

  /** Sends a request and waits for the next reply of any kind. */
  async ask(request: Asked, payload?: Uint8Array, fds?: readonly OwnedFd[], flags = 0): Promise<MockMessage> {
    const name = typeof request === 'number' ? requestName(request) : request;
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<MockMessage>((resolve, reject) => {
      if (this.#over) reject(new Error(`Cannot ask ${name}: the connection is over`));
      this.#waiting.push({ resolve, reject });
      timer = setTimeout(() => reject(new Error(`${name}: no reply within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    });
    this.tell(request, payload, fds, flags);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  async askU64(request: RequestName): Promise<bigint> {
    return readU64((await this.ask(request)).payload);
  }

  /** Sends and waits for the outcome when REPLY_ACK was negotiated; 0 is success. Otherwise undefined. */
  async tellAndCheck(
    request: RequestName,
    payload?: Uint8Array,
    fds?: readonly OwnedFd[],
  ): Promise<bigint | undefined> {
    const asks = (this.#ackedProtocol & REPLY_ACK) !== 0n;
    if (asks) return readU64((await this.ask(request, payload, fds, NEED_REPLY)).payload);
    this.tell(request, payload, fds);
    return undefined;
  }

  /** The questions and acceptances before a guest driver starts. */
  async negotiateProtocol(known: bigint = ~0n): Promise<Omit<Negotiated, 'acked'>> {
    const features = await this.askU64('GET_FEATURES');
    let protocolFeatures = 0n;
    let queueNum: number | undefined;
    if ((features & PROTOCOL_FEATURES) !== 0n) {
      protocolFeatures = await this.askU64('GET_PROTOCOL_FEATURES');
      this.#ackedProtocol = protocolFeatures & known;
      this.tell('SET_PROTOCOL_FEATURES', writeU64(this.#ackedProtocol));
      if ((this.#ackedProtocol & PROTOCOL_MQ) !== 0n) queueNum = Number(await this.askU64('GET_QUEUE_NUM'));
    }
    this.tell('SET_OWNER');
    await this.askU64('GET_FEATURES');
    return { features, protocolFeatures, queueNum, ackedProtocol: this.#ackedProtocol };
  }

  /** The whole start of a device: questions, features, memory, rings. */
  async negotiate(options: NegotiateOptions = {}): Promise<Negotiated> {
    const found = await this.negotiateProtocol(options.protocol);
    const acked = options.ack ?? found.features;
    this.tell('SET_FEATURES', writeU64(acked));
    await this.shareMemory();
    for (let index = 0; index < (options.queuePairs ?? 1) * 2; index += 1) this.startRing(index, options.ringSize);
    await this.sync();
    return { ...found, acked };
  }

  /** Shares a region of memory by SET_MEM_TABLE. */
  async shareMemory(): Promise<void> {
    const memory = new OwnedFd(createMemoryFd('guest'));
    ftruncateSync(memory.raw, GUEST_MEMORY);
    const region = { guestAddress: 0n, size: BigInt(GUEST_MEMORY), userAddress: 0x7f00_0000_0000n, mmapOffset: 0n };
    await this.tellAndCheck('SET_MEM_TABLE', writeMemoryTable([region]), [memory]);
  }

  /** Sets one ring up and starts it. */
  startRing(index: number, size = 256): void {
    const at = (part: number) => 0x7f00_0000_0000n + BigInt(index * 0x1_0000 + part * 0x4000);
    const address = { index, flags: 0, descriptors: at(0), used: at(1), available: at(2), log: 0n };
    this.tell('SET_VRING_NUM', writeVringState({ index, num: size }));
    this.tell('SET_VRING_BASE', writeVringState({ index, num: 0 }));
    this.tell('SET_VRING_ADDR', writeVringAddress(address));
    this.tell('SET_VRING_KICK', writeU64(BigInt(index)), [new OwnedFd(createEventFd())]);
    this.tell('SET_VRING_CALL', writeU64(BigInt(index)), [new OwnedFd(createEventFd())]);
    this.tell('SET_VRING_ENABLE', writeVringState({ index, num: 1 }));
  }

  /** Stops a ring, as a guest's driver does when it is unbound. */
  async stopRing(index: number): Promise<void> {
    await this.ask('GET_VRING_BASE', writeVringState({ index, num: 0 }));
  }

  /** Returns when the peer has read all that was sent so far. */
  async sync(): Promise<void> {
    await this.ask('GET_FEATURES');
  }

  /** Sends bytes as they are, for tests of malformed messages. */
  raw(bytes: Uint8Array, fds: readonly OwnedFd[] = []): void {
    this.#connection.write(bytes, fds);
  }

  /** Stops reading, as a front-end does that hangs. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  close(): void {
    this.#connection.close();
  }
}
