import type { Socket } from 'node:net';
import { JsonFramer } from '../../rpc/json/json-framer.ts';
import { type Check, openObject, string } from '../../rpc/json/shape.ts';
import type { MessageOf } from './orders.ts';

type Rows = Readonly<Record<string, Check<object>>>;

export interface MessageStreamEvents<Received> {
  /** What this throws ends the connection. */
  message(message: Received): void;
  /** The other side takes messages again. */
  drained(): void;
  /** Once. Undefined: the other side hung up. */
  closed(error: Error | undefined): void;
}

/** The manager's tables of a large host, and some; a message above this is no honest one. */
const MAX_MESSAGE_BYTES = 64 << 20;
const named = openObject({ is: string });

/** The members of a message in JSON: a bigint is hexadecimal text, a map a list of pairs, bytes are base64. */
export function encodeOrder(message: object): string {
  return JSON.stringify(message, function (this: Readonly<Record<string, unknown>>, key, value: unknown) {
    // a Buffer has become something else in `value`
    const member = this[key];
    if (member instanceof Uint8Array) return Buffer.from(member).toString('base64');
    if (typeof value === 'bigint') return `0x${value.toString(16)}`;
    return value instanceof Map ? [...value] : value;
  });
}

/** One side of the connection between manager and relay process: JSON objects, checked against their rows. */
export class MessageStream<Sent extends { readonly is: string }, R extends Rows> {
  readonly #socket: Socket;
  #open = true;

  constructor(socket: Socket, rows: R, events: MessageStreamEvents<MessageOf<R>>) {
    this.#socket = socket;
    const framer = new JsonFramer({ bytes: MAX_MESSAGE_BYTES });
    const end = (error: Error | undefined): void => {
      if (!this.#open) return;
      this.#open = false;
      socket.destroy();
      events.closed(error);
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const value of framer.push(chunk)) {
          if (!this.#open) return;
          const { is } = named(value, 'message');
          const check = Object.hasOwn(rows, is) ? rows[is] : undefined;
          // a row that the other release knows and this one does not
          if (check) events.message({ is, ...check(value, is) } as MessageOf<R>);
        }
      } catch (error) {
        end(error as Error);
      }
    });
    socket.on('drain', () => events.drained());
    socket.on('error', (error) => end(error));
    socket.on('close', () => end(undefined));
    socket.on('end', () => end(undefined));
  }

  /** False: the other side takes no more for now. What is sent all the same is held in memory. */
  get isWritable(): boolean {
    return this.#open && !this.#socket.writableNeedDrain;
  }

  send(message: Sent): void {
    if (this.#open) this.#socket.write(encodeOrder(message));
  }

  close(): void {
    this.#open = false;
    this.#socket.destroy();
  }
}
