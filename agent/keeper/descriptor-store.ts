import { close, connectDatagram, SystemCallError } from '../fd/libc.ts';
import { send } from '../fd/libc-message.ts';
import { Watch } from '../fd/watch.ts';
import { MOST_NAMES } from './inherited.ts';
import { KEEPER_LIFELINE } from './lifeline.ts';
import { encodeRemove, encodeStore, HANDED_OVER } from './notify-protocol.ts';

interface QueuedMessage {
  readonly kind: 'store' | 'remove' | 'notify';
  readonly name: string;
  readonly data: Uint8Array;
  readonly fds: readonly number[];
  /** Called once: the kernel has the datagram, or will never get it. */
  readonly sent: (error?: Error) => void;
}

/** Errors that say that nobody has the other end any more. */
const KEEPER_GONE: readonly string[] = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTCONN', 'ENOENT'];

const SETTLE_PATIENCE_MS = 2000;
/** When the keeper has taken nothing for this long, pending stores fail. */
const KEEPER_PATIENCE_MS = 1000;
/** How often a process that lost its keeper looks for the next one. */
const NEXT_KEEPER_MS = 100;

/**
 * Our side of the descriptor store of systemd, or of our own keeper. Messages leave in the order in which they were given.
 * The kernel's queue may be as short as ten datagrams; what does not fit is pending here.
 */
export class DescriptorStore {
  readonly #path: string;
  /** The most descriptors that the keeper holds, as it says itself; it refuses what is above and does not tell us. */
  readonly #most: number;
  /** It is our own keeper, so that another one may come in its place when it dies. */
  readonly #mayReturn: boolean;
  /** The descriptors that the keeper was given, by name; each is open until `remove`. */
  readonly #given = new Map<string, readonly number[]>();
  #givenInAll = 0;
  /** Length of the list of their names, in which each stands once for each descriptor. */
  #namesInAll = 0;
  readonly #waiting: QueuedMessage[] = [];
  #fd: number | undefined;
  #watch: Watch | undefined;
  #sending = false;
  #open = true;
  /** When the keeper last took a message, or had none to take. */
  #tookAt = 0;
  #patience: NodeJS.Timeout | undefined;
  /** The keeper died; looks for the next one. */
  #search: NodeJS.Timeout | undefined;

  constructor(path: string, most = Number.POSITIVE_INFINITY, mayReturn = false) {
    this.#path = path;
    this.#most = most;
    this.#mayReturn = mayReturn;
  }

  /**
   * Undefined when there is no keeper. Removes the variables, so that processes that we start do not speak for us.
   * `$FDSTORE` is the number of descriptors that the keeper has room for; systemd sets it from release 254 on.
   */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): DescriptorStore | undefined {
    const { NOTIFY_SOCKET: path, FDSTORE: most, [KEEPER_LIFELINE]: lifeline } = env;
    for (const name of ['NOTIFY_SOCKET', 'FDSTORE']) delete env[name];
    if (path === undefined || path === '') return undefined;
    const limit = most !== undefined && /^[0-9]+$/.test(most) ? Number(most) : undefined;
    return new DescriptorStore(path, limit, lifeline !== undefined);
  }

  /** Counts descriptors that the keeper has from an earlier run of this program. */
  holds(name: string, fds: readonly number[]): void {
    this.#given.set(name, [...(this.#given.get(name) ?? []), ...fds]);
    this.#count(name, fds.length);
  }

  #count(name: string, descriptors: number): void {
    this.#givenInAll += descriptors;
    this.#namesInAll += descriptors * (name.length + 1);
  }

  /** Why the keeper could not give all of this to the next process. */
  #obstacle(name: string, descriptors: number): string | undefined {
    if (this.#givenInAll + descriptors > this.#most)
      return `the keeper has ${this.#givenInAll} descriptors and room for ${this.#most}`;
    // systemd has no other way than the environment; with too long a variable the kernel would start no process
    if (!this.#mayReturn && this.#namesInAll + descriptors * (name.length + 1) > MOST_NAMES)
      return `the names of its ${this.#givenInAll} descriptors take ${this.#namesInAll} of ${MOST_NAMES} bytes`;
    return undefined;
  }

  /**
   * The keeper died, and another of its kind may come to the same place: from now on nothing is sent, stores succeed and are
   * remembered. The next keeper gets everything, and ends this process in favour of one of its own.
   */
  keeperDied(): void {
    if (this.#search || !this.#open) return;
    this.#disconnect();
    clearTimeout(this.#patience);
    this.#patience = undefined;
    for (const { sent } of this.#takeWaiting(() => true)) sent();
    this.#search = setInterval(() => this.#seekKeeper(), NEXT_KEEPER_MS);
  }

  #seekKeeper(): void {
    try {
      this.#fd = connectDatagram(this.#path);
    } catch {
      return; // none is there yet
    }
    clearInterval(this.#search);
    this.#search = undefined;
    for (const [name, fds] of this.#given) this.#submitStore(name, fds, () => {});
    this.notify(HANDED_OVER);
  }

  /** Messages that the keeper's queue had no room for yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Has descriptors kept under a name, all of them or none. The caller keeps them open until `remove`, or until `sent` has
   * told an error. `sent` is called before this returns when there is room. The keeper does not acknowledge them; what is above its limit is not sent.
   */
  store(name: string, fds: readonly number[], sent: (error?: Error) => void): void {
    const obstacle = this.#obstacle(name, fds.length);
    if (obstacle !== undefined) {
      sent(new Error(`Cannot store "${name}": ${obstacle}`));
      return;
    }
    this.holds(name, fds);
    this.#submitStore(name, fds, sent);
  }

  #submitStore(name: string, fds: readonly number[], sent: (error?: Error) => void): void {
    this.#submit({ kind: 'store', name, data: encodeStore(name), fds, sent });
  }

  /** Gives up all that is kept under a name, and cancels a pending store of that name. */
  remove(name: string): void {
    this.#count(name, -(this.#given.get(name)?.length ?? 0));
    this.#given.delete(name);
    const cancelled = this.#takeWaiting((message) => message.kind === 'store' && message.name === name);
    const asked = this.#waiting.some((message) => message.kind === 'remove' && message.name === name);
    if (!asked) this.#submit({ kind: 'remove', name, data: encodeRemove(name), fds: [], sent: () => {} });
    for (const { sent } of cancelled) sent(new Error(`Cannot store "${name}": it was removed before it was sent`));
  }

  /** `READY=1` and other assignments of sd_notify(3). Lost when the keeper is gone. */
  notify(text: string): void {
    this.#submit({ kind: 'notify', name: '', data: Buffer.from(text, 'utf8'), fds: [], sent: () => {} });
  }

  /** Settles when no message is pending, or after `patienceMs`. */
  async settled(patienceMs = SETTLE_PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (this.#waiting.length > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Pending messages are not sent. What was sent stays kept. */
  close(): void {
    this.#open = false;
    clearInterval(this.#search);
    this.#disconnect();
    for (const { sent } of this.#takeWaiting(() => true)) sent(closedError());
  }

  #takeWaiting(which: (message: QueuedMessage) => boolean): QueuedMessage[] {
    const taken = this.#waiting.filter(which);
    const rest = this.#waiting.filter((message) => !which(message));
    this.#waiting.splice(0, this.#waiting.length, ...rest);
    return taken;
  }

  #submit(message: QueuedMessage): void {
    if (!this.#open) {
      message.sent(closedError());
      return;
    }
    if (this.#search) {
      message.sent();
      return;
    }
    if (this.#waiting.length === 0) this.#tookAt = performance.now();
    this.#waiting.push(message);
    if (this.#waiting.length === 1) this.#sendWaiting();
  }

  /** Callers may store, remove and close from within `sent`: their messages join the end of this loop. */
  #sendWaiting(): void {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let head = this.#waiting[0]; head; head = this.#waiting[0]) {
        const error = this.#sendOrRetry(head);
        if (error === 'full') break;
        if (this.#mayReturn && isGone(error)) {
          this.keeperDied();
          break;
        }
        this.#waiting.shift();
        this.#tookAt = performance.now();
        head.sent(error);
      }
    } finally {
      this.#sending = false;
      this.#watchIfDue();
    }
  }

  /** A removal that is lost leaves descriptors with the keeper for good, so it is sent once more. */
  #sendOrRetry(message: QueuedMessage): Error | 'full' | undefined {
    const result = this.#send(message);
    return result instanceof Error && message.kind === 'remove' ? this.#send(message) : result;
  }

  #send({ data, fds }: QueuedMessage): Error | 'full' | undefined {
    try {
      this.#fd ??= connectDatagram(this.#path);
      return send(this.#fd, data, fds) === undefined ? 'full' : undefined;
    } catch (error) {
      // a keeper that came back has another socket at the same path: the next message connects to it
      if (isGone(error)) this.#disconnect();
      return error as Error;
    }
  }

  #watchIfDue(): void {
    if (this.#waiting.length === 0 || this.#fd === undefined) {
      this.#watch?.close();
      this.#watch = undefined;
      clearTimeout(this.#patience);
      this.#patience = undefined;
      return;
    }
    // if this process was busy, the timer is late: first let the event loop send what the keeper takes now
    this.#patience ??= setTimeout(() => setImmediate(() => this.#losePatience()), KEEPER_PATIENCE_MS);
    if (this.#watch) return;
    this.#watch = new Watch(this.#fd, ({ failed }) => {
      if (failed) this.#disconnect();
      this.#sendWaiting();
    });
    this.#watch.want({ writable: true });
  }

  #losePatience(): void {
    if (this.#patience === undefined) return;
    this.#patience = undefined;
    if (performance.now() - this.#tookAt >= KEEPER_PATIENCE_MS) {
      const text = `the keeper took nothing for ${KEEPER_PATIENCE_MS} ms`;
      for (const { name, sent } of this.#takeWaiting(({ kind }) => kind === 'store'))
        sent(new Error(`Cannot store "${name}": ${text}`));
    }
    this.#watchIfDue();
  }

  #disconnect(): void {
    this.#watch?.close();
    this.#watch = undefined;
    if (this.#fd !== undefined) close(this.#fd);
    this.#fd = undefined;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof SystemCallError && KEEPER_GONE.includes(error.code);
}

function closedError(): Error {
  return new Error('Cannot store descriptors: the connection to the keeper was closed');
}
