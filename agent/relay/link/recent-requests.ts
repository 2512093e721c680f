import { formatMask } from '../../../compat-tables/bits/mask.ts';
import { type PayloadShape, requestById, requestName } from '../../../compat-tables/protocol/requests.ts';
import type { MessageView } from '../../vhost/header.ts';
import { NO_DESCRIPTOR, RING_INDEX_MASK } from '../../vhost/payloads.ts';
import type { PendingReply } from '../session/session.ts';

/** Requests that are remembered: those of a start with two queue pairs. */
const KEPT = 32;
/** The number of the request, and the first two words of its payload. */
const WORDS = 3;
/** Requests that a text names; of more, the first ones and the last one. */
const NAMED = 4;

/** What was going on in an exchange, in words: the requests with their rings and values. */
export interface Outstanding {
  /** The last request that went to the back-end; undefined: none in this process. */
  readonly last: string | undefined;
  /** Those that the back-end is not known to have read, else the last one. */
  readonly unconfirmed: string | undefined;
  /** Those that it owes a reply. */
  readonly unanswered: readonly string[];
}

/**
 * The last requests that went to the back-end, as numbers alone: what was going on when one side hangs up. It costs a message
 * three numbers.
 */
export class RecentRequests {
  readonly #words = new Uint32Array(KEPT * WORDS);
  #sent = 0;
  /** Of those, the ones that the back-end is known to have got to. */
  #reached = 0;

  sent({ request, payload }: MessageView): void {
    const at = (this.#sent % KEPT) * WORDS;
    this.#words[at] = request;
    this.#words[at + 1] = wordAt(payload, 0);
    this.#words[at + 2] = wordAt(payload, 4);
    this.#sent += 1;
  }

  /** A reply came: all requests up to its own were read. */
  answered(request: number): void {
    for (let index = this.#first; index < this.#sent; index += 1) {
      if (this.#words[(index % KEPT) * WORDS] !== request) continue;
      this.#reached = index + 1;
      return;
    }
  }

  /** The first one that is remembered of those that may not have been read. */
  get #first(): number {
    return Math.max(this.#reached, this.#sent - KEPT);
  }

  /** `SET_VRING_NUM (ring 0, 1024)`; undefined: nothing was sent. */
  get last(): string | undefined {
    return this.#sent === 0 ? undefined : this.#text(this.#sent - 1);
  }

  /**
   * Those among which the back-end hung up, the oldest first: all since its last reply, else the last one. Undefined: nothing
   * was sent.
   */
  get unconfirmed(): string | undefined {
    const count = this.#sent - this.#reached;
    if (count === 0) return this.last;
    const indices = Array.from({ length: this.#sent - this.#first }, (_, index) => this.#first + index);
    const lost = count - indices.length;
    const texts = indices.map((index) => this.#text(index));
    if (count <= NAMED) return texts.join(', ');
    const shown = lost > 0 ? [] : texts.slice(0, NAMED - 1);
    const rest = count - shown.length - 1;
    return [...shown, `${rest} ${shown.length > 0 ? 'more' : 'requests'} and ${texts.at(-1)}`].join(', ');
  }

  /** Requests without a reply, the first ones with the values that each was sent with last. */
  unanswered(pending: readonly PendingReply[]): string[] {
    const waiting = pending.filter(({ answer, dropped }) => answer === undefined && dropped === undefined);
    const more = waiting.length - NAMED;
    const texts = waiting.slice(0, NAMED).map(({ request }) => {
      for (let index = this.#sent - 1; index >= Math.max(0, this.#sent - KEPT); index -= 1)
        if (this.#words[(index % KEPT) * WORDS] === request) return this.#text(index);
      return requestName(request);
    });
    return more > 0 ? [...texts, `${more} more`] : texts;
  }

  #text(index: number): string {
    const at = (index % KEPT) * WORDS;
    const [request = 0, first = 0, second = 0] = this.#words.subarray(at, at + WORDS);
    const row = requestById(request);
    const values = row === undefined ? '' : valuesOf(row.name, row.payload, first, second);
    return values === '' ? requestName(request) : `${requestName(request)} (${values})`;
  }
}

/** In the byte order of the host, which is that of every machine with DPDK: the lowest byte first. */
function wordAt(payload: Uint8Array, at: number): number {
  if (payload.length < at + 4) return 0;
  const [a = 0, b = 0, c = 0, d = 0] = [payload[at], payload[at + 1], payload[at + 2], payload[at + 3]];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

/** Only what front-end and back-end negotiate: no addresses, and not the guest's MAC. */
function valuesOf(name: string, shape: PayloadShape, first: number, second: number): string {
  const both = BigInt(first) | (BigInt(second) << 32n);
  if (name === 'SET_FEATURES' || name === 'SET_PROTOCOL_FEATURES') return formatMask(both);
  if (name === 'NET_SET_MTU' || name === 'SET_STATUS') return `${both}`;
  if (name === 'GET_VRING_BASE') return `ring ${first}`;
  if (shape === 'state') return `ring ${first}, ${second}`;
  if (shape === 'address') return `ring ${first}`;
  if (shape === 'memory') return `${first} regions`;
  if (shape === 'ring u64') return `ring ${both & RING_INDEX_MASK}${(both & NO_DESCRIPTOR) === 0n ? '' : ', polled'}`;
  return '';
}
