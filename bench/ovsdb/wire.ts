import { connect, type Socket } from 'node:net';

/** Stands in every good answer, and nowhere in the data. */
const ANSWER = Buffer.from('"error":null');
const UPDATE = Buffer.from('"method":"update');

const END = 0x7d;

/** Counts how often a pattern comes by in a stream, whatever its portions. */
class Counter {
  readonly #pattern: Buffer;
  #tail: Buffer | undefined;
  count = 0;

  constructor(pattern: Buffer) {
    this.#pattern = pattern;
  }

  push(chunk: Buffer): void {
    const { length } = this.#pattern;
    if (this.#tail && Buffer.concat([this.#tail, chunk.subarray(0, length - 1)]).includes(this.#pattern)) this.count++;
    for (let at = chunk.indexOf(this.#pattern); at >= 0; at = chunk.indexOf(this.#pattern, at + length)) this.count++;
    // Most chunks end with a message, and no pattern goes on behind a bracket.
    if (chunk.at(-1) === END) this.#tail = undefined;
    else if (chunk.length >= length) this.#tail = Buffer.from(chunk.subarray(1 - length));
    else this.#tail = Buffer.concat([this.#tail ?? Buffer.alloc(0), chunk]).subarray(1 - length);
  }
}

/**
 * A client that costs next to nothing: requests are bytes made before the clock starts, and answers are counted instead of
 * parsed, so that what is measured is the server.
 */
export class Wire {
  readonly #socket: Socket;
  readonly #answers = new Counter(ANSWER);
  readonly #updates = new Counter(UPDATE);
  #wake: (() => void) | undefined;
  #failure: Error | undefined;
  #watching = false;
  #wanted = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      const counter = this.#watching ? this.#updates : this.#answers;
      counter.push(chunk);
      if (!this.#watching && (chunk.includes('"error":{') || chunk.includes('"error":"')))
        this.#failure = new Error(`the server answered ${chunk.toString().slice(0, 500)}`);
      if (counter.count >= this.#wanted || this.#failure) this.#wake?.();
    });
    socket.on('error', (error) => {
      this.#failure = error;
      this.#wake?.();
    });
    socket.on('close', () => {
      this.#failure ??= new Error('the server closed the connection');
      this.#wake?.();
    });
  }

  /** Undefined if nobody listens there yet. */
  static async open(path: string): Promise<Wire | undefined> {
    return await new Promise((resolve) => {
      const socket = connect(path);
      socket.once('error', () => resolve(undefined));
      socket.once('connect', () => resolve(new Wire(socket)));
    });
  }

  /** Sends all requests, with at most `depth` unanswered ones, and waits for the last answer. */
  async run(requests: readonly Buffer[], depth: number): Promise<void> {
    let sent = 0;
    const before = this.#answers.count;
    while (sent < requests.length) {
      const some = requests.slice(sent, sent + depth - (before + sent - this.#answers.count));
      this.#socket.write(some.length === 1 ? (some[0] ?? '') : Buffer.concat(some));
      sent += some.length;
      // Half of the window at a time, as a client does that writes when it has room.
      const open = sent === requests.length ? 0 : depth >> 1;
      await this.#until(this.#answers, before + sent - open);
    }
  }

  /** From now on only updates are counted: so many more. */
  async updates(count: number): Promise<void> {
    this.#watching = true;
    await this.#until(this.#updates, count);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #until(counter: Counter, count: number): Promise<void> {
    this.#wanted = count;
    while (counter.count < count) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure;
  }
}

let lastId = 0;

export function request(method: string, params: unknown[]): Buffer {
  return Buffer.from(JSON.stringify({ id: ++lastId, method, params }));
}

export function transact(...operations: unknown[]): Buffer {
  return request('transact', ['Bench', ...operations]);
}
