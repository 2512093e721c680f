import { Chance } from '../../../rpc/ovsdb/fuzz/chance.ts';
import { Ear } from './ear.ts';
import { judgeReply, type Promised } from './judge.ts';
import { type DescriptorKit, RawListener, RawSocket } from './raw.ts';
import { frontendScript, type Step, stepText } from './script.ts';
import type { Offer } from './words.ts';

/** Nobody reads what we write, or lets us in: go on with something else. */
const PATIENCE_MS = 120;
/** Between two tries to connect. */
const KNOCK_MS = 3;

export interface AttackerSettings {
  readonly seed: number;
  /** `listen`: the port connects to us. */
  readonly role: 'listen' | 'connect';
  readonly path: string;
  readonly kit: DescriptorKit;
  readonly promised: Promised;
  readonly offer: Offer;
  /** Told of each message that was sent. */
  readonly count: (messages: number) => void;
}

/** Connects to a port as its front-end again and again, and plays one script each time. */
export class FrontendAttacker {
  readonly #settings: AttackerSettings;
  readonly #listener: RawListener | undefined;
  #dialogue = 0;
  #socket: RawSocket | undefined;
  #ear: Ear | undefined;
  #second: RawSocket | undefined;
  #script: Step[] = [];
  #at = 0;
  #written = 0;
  #deaf = false;
  #rest = 0;
  /** When patience or a silence ends. */
  #until = 0;

  constructor(settings: AttackerSettings) {
    this.#settings = settings;
    this.#listener = settings.role === 'listen' ? new RawListener(settings.path) : undefined;
  }

  /** The dialogue that goes on, or the last one: for whoever has to find out what went wrong. */
  get log(): string[] {
    const from = Math.max(0, this.#at - 40);
    return [
      `front-end, dialogue ${this.#dialogue}, step ${this.#at} of ${this.#script.length}`,
      ...this.#script.slice(from, this.#at + 1).map((step) => `  ${stepText(step)}`),
    ];
  }

  /** A little of what is to be done; never waits. */
  turn(now: number): void {
    if (!this.#socket) this.#arrive(now);
    if (!this.#socket) return;
    if (!this.#hear()) this.#leave();
    for (let steps = 0; steps < 8 && this.#socket; steps += 1) if (!this.#step(now)) return;
  }

  #arrive(now: number): void {
    const { seed, role, path, offer } = this.#settings;
    if (role === 'connect' && now < this.#until) return;
    this.#until = now + KNOCK_MS;
    const socket = role === 'listen' ? this.#listener?.accept() : RawSocket.connect(path);
    if (!socket) return;
    this.#socket = socket;
    this.#ear = new Ear(socket);
    this.#script = frontendScript(new Chance(seed + this.#dialogue), offer);
    this.#at = 0;
    this.#written = 0;
    this.#deaf = false;
    this.#rest = 0;
    this.#until = now + PATIENCE_MS;
  }

  /** False: the other side is gone. */
  #hear(): boolean {
    if (this.#deaf || !this.#ear) return true;
    for (;;) {
      const message = this.#ear.next();
      if (message === 'nothing') return true;
      if (message === 'gone') return false;
      judgeReply(message, this.#settings.promised);
    }
  }

  /** Does one step, or a part of it; false: that is all for this turn. */
  #step(now: number): boolean {
    const step = this.#script[this.#at];
    if (!step) {
      this.#leave();
      return false;
    }
    switch (step.do) {
      case 'write':
        return this.#write(step, now);
      case 'rest':
        this.#rest += 1;
        return this.#rest > step.turns && this.#next(now);
      case 'silence':
        return now > this.#until - PATIENCE_MS + step.ms && this.#next(now);
      case 'storm':
        this.#storm(step.count);
        break;
      case 'second':
        if (!this.#listener) this.#second = RawSocket.connect(this.#settings.path);
        this.#second?.send(Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0));
        break;
      case 'shut':
        this.#socket?.shut();
        break;
      default:
        this.#deaf = step.do === 'deaf';
    }
    return this.#next(now);
  }

  #next(now: number): true {
    this.#at += 1;
    this.#written = 0;
    this.#rest = 0;
    this.#until = now + PATIENCE_MS;
    return true;
  }

  #write({ bytes, fds, messages }: Step & { do: 'write' }, now: number): boolean {
    const socket = this.#socket as RawSocket;
    const numbers = this.#written === 0 ? this.#settings.kit.numbers(fds, socket) : [];
    const sent = socket.send(bytes.subarray(this.#written), numbers);
    if (sent === 'gone') {
      if (this.#deaf)
        this.#leave(); // what came before stays unread
      else if (!this.#hear()) this.#leave();
      return false;
    }
    this.#written += sent;
    if (this.#written < bytes.length) {
      if (now > this.#until) this.#leave();
      return false;
    }
    this.#settings.count(messages);
    return this.#next(now);
  }

  #storm(count: number): void {
    for (let i = 0; i < count && !this.#listener; i += 1) {
      const one = RawSocket.connect(this.#settings.path);
      if (i % 3 === 0) one?.send(Uint8Array.of(1, 0, 0));
      one?.close();
    }
  }

  #leave(): void {
    this.#socket?.close();
    this.#second?.close();
    this.#socket = undefined;
    this.#ear = undefined;
    this.#second = undefined;
    this.#dialogue += 1;
    this.#until = 0;
  }

  close(): void {
    if (this.#socket) this.#leave();
    this.#listener?.close();
  }
}
