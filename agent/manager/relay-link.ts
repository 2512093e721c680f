import { connect, type Socket } from 'node:net';
import { Backoff } from '../../base/backoff.ts';
import { PROGRAM_VERSION } from '../../base/installation.ts';
import type { Log } from '../../base/log.ts';
import { descriptorOf, identifyPeer, peerAlive } from '../fd/peer.ts';
import { FACTS, type Fact } from '../orders/facts.ts';
import { MessageStream } from '../orders/message-stream.ts';
import { ORDERS_PROTOCOL, type Order } from '../orders/orders.ts';

export type RelayHello = Extract<Fact, { is: 'hello' }>;

export interface RelayLinkEvents {
  /** The relay process is connected, and knows none of this manager's orders yet. */
  connected(hello: RelayHello): void;
  fact(fact: Fact): void;
  /** The connection has ended. */
  gone(): void;
}

/** The relay process answers within milliseconds; one that stands still for so long has other troubles. */
const ACKNOWLEDGE_MS = 10_000;
/** How often it is looked whether the relay process lives: the connection can outlive it (agent/fd/close-apart.ts). */
const LOOK_MS = 1000;

/** The manager's connection to the relay process; it connects again when it is lost. */
export class RelayLink {
  readonly #path: string;
  readonly #log: Pick<Log, 'info' | 'warn'>;
  readonly #backoff = new Backoff({ firstMs: 20, longestMs: 500 });
  readonly #waiting = new Map<number, (applied: boolean) => void>();
  #events: RelayLinkEvents | undefined;
  #stream: MessageStream<Order, typeof FACTS> | undefined;
  #socket: Socket | undefined;
  #hello: RelayHello | undefined;
  #timer: NodeJS.Timeout | undefined;
  #number = 0;
  #closed = false;
  #complained = '';

  constructor(path: string, log: Pick<Log, 'info' | 'warn'>) {
    this.#path = path;
    this.#log = log;
  }

  /** Connects, and tells `events` from now on. */
  start(events: RelayLinkEvents): void {
    this.#events = events;
    this.#connect();
  }

  /** What the relay process said of itself; undefined: it is not connected. */
  get hello(): RelayHello | undefined {
    return this.#hello;
  }

  /** Lost when the relay process is not connected: it gets everything when it is. */
  send(order: Order): void {
    if (this.#hello) this.#stream?.send(order);
  }

  /** Has all orders before it carried out. False: the relay process is away, or went meanwhile. */
  async apply(all: boolean): Promise<boolean> {
    return await this.#acknowledged((number) => ({ is: 'apply', number, all }));
  }

  /** Settles when the status of all interfaces has come as it is now. */
  async report(): Promise<boolean> {
    return await this.#acknowledged((number) => ({ is: 'report', number }));
  }

  async #acknowledged(order: (number: number) => Order): Promise<boolean> {
    if (!this.#hello) return false;
    this.#number += 1;
    const number = this.#number;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), ACKNOWLEDGE_MS);
      const settle = (applied: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(number);
        resolve(applied);
      };
      this.#waiting.set(number, settle);
      this.#stream?.send(order(number));
    });
  }

  #connect(): void {
    const socket = connect({ path: this.#path });
    this.#socket = socket;
    socket.once('error', (error: NodeJS.ErrnoException) => this.#complain(error.code ?? error.message));
    socket.once('connect', () => {
      if (!this.#watchRelay(socket)) return;
      const hello: Order = { is: 'hello', protocol: ORDERS_PROTOCOL, program: PROGRAM_VERSION, pid: process.pid };
      this.#stream = new MessageStream<Order, typeof FACTS>(socket, FACTS, {
        message: (fact) => this.#received(fact),
        drained: () => {},
        closed: (error) => error && this.#complain(error.message),
      });
      this.#stream.send(hello);
    });
    socket.once('close', () => this.#ended());
  }

  /** Ends the connection when the relay process does. False: it has ended already. */
  #watchRelay(socket: Socket): boolean {
    const fd = descriptorOf(socket);
    if (fd === undefined) return false;
    const relay = identifyPeer(fd);
    const look = (): boolean => {
      if (peerAlive(relay)) return true;
      socket.destroy();
      return false;
    };
    const timer = setInterval(look, LOOK_MS).unref();
    socket.once('close', () => clearInterval(timer));
    return look();
  }

  #received(fact: Fact): void {
    if (fact.is === 'refused') this.#complain(fact.why);
    else if (fact.is === 'applied') this.#waiting.get(fact.number)?.(true);
    else if (fact.is === 'hello') {
      this.#hello = fact;
      this.#complained = '';
      this.#backoff.reset();
      this.#log.info('relay-connected', { pid: fact.pid, program: fact.program });
      this.#events?.connected(fact);
    } else this.#events?.fact(fact);
  }

  #ended(): void {
    const wasConnected = this.#hello !== undefined;
    this.#hello = undefined;
    this.#stream = undefined;
    for (const settle of [...this.#waiting.values()]) settle(false);
    if (this.#closed) return;
    if (wasConnected) {
      this.#log.warn('relay-gone');
      this.#events?.gone();
    }
    this.#timer = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  /** Once for each reason, until it was connected again. */
  #complain(why: string): void {
    if (this.#closed || why === this.#complained) return;
    this.#complained = why;
    this.#log.warn('relay-away', { path: this.#path, why });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stream?.close();
    this.#socket?.destroy();
  }
}
