import { crc32 } from 'node:zlib';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { SessionState } from '../session/session.ts';

/** The format of a port's journal, from which the next process goes on where this one was ended. Pure. */

/** What is done about each message, in this order (docs/adr/0007); `begun` only with one that carries descriptors. */
export const RELAY_STEPS = ['peeked', 'staged', 'journalled', 'sent', 'begun', 'consumed', 'done'] as const;
export type RelayStep = (typeof RELAY_STEPS)[number];

export type Side = 'frontend' | 'backend';

/** A message that was decided on and is not consumed yet. */
export interface PendingMessage {
  readonly from: Side;
  readonly to: Side;
  /**
   * `pipe`: what it leads to is staged and moved to the peer by one system call, so that the kernel knows what was sent.
   * `descriptors`: sent with descriptors, which a pipe cannot carry; until the message is consumed, whether it was sent has
   * to be found out. `taken`: consumed before it was sent.
   */
  readonly via: 'pipe' | 'descriptors' | 'taken';
  readonly request: number;
  /** The back-end has to answer it. */
  readonly asks: boolean;
  /** The number of descriptors that it carries. */
  readonly descriptors: number;
  /** Its length: when fewer bytes of it are left to be consumed, consuming had begun, so it was sent. */
  readonly bytes: number;
}

/** What changes with every message. */
export interface JournalRecord {
  readonly state: SessionState;
  readonly messages: readonly PendingMessage[];
  /** Barriers whose answers are still to come: questions of our own to the back-end (reply-barrier.ts). */
  readonly barriers: number;
}

/** What stays the same while the two peers are connected. */
export interface JournalHead {
  /** The interface. */
  readonly name: string;
  readonly deviceType: string;
  /** As in the database: `listen:/path`. */
  readonly frontend: string;
  readonly backend: string;
  /** Numeric group of the socket files. */
  readonly socketGroup?: number | undefined;
  readonly mode: Entry;
  readonly abilities: Abilities;
  readonly peer: PeerIdentity;
  /** Inode numbers: the front-end's socket and the pipe to it, the back-end's socket and the pipe to it. */
  readonly inodes: readonly [string, string, string, string];
}

/** Raised when a release writes what the previous one cannot read. */
const JOURNAL_FORMAT = 1;

const MAGIC = 0x6a_63_68_76; // "vhcj"
/** magic u32, format u32, length u32, checksum u32 */
const HEAD_PREFIX = 16;
/** sequence u64, length u32, checksum u32 */
const RECORD_PREFIX = 16;
export const HEAD_BYTES = 65_536;
export const RECORD_BYTES = 32_768;

export class JournalError extends Error {
  override readonly name = 'JournalError';
}

export function encodeHead(head: JournalHead): Buffer {
  const text = Buffer.from(JSON.stringify(head, bigAsText));
  if (text.length > HEAD_BYTES - HEAD_PREFIX)
    throw new JournalError(`Cannot write the journal of ${head.name}: its head has ${text.length} bytes`);
  const prefix = Buffer.alloc(HEAD_PREFIX);
  const words = [MAGIC, JOURNAL_FORMAT, text.length, crc32(text)];
  for (const [index, word] of words.entries()) prefix.writeUInt32LE(word, index * 4);
  return Buffer.concat([prefix, text]);
}

/** Throws JournalError: not a journal, in an unknown format, or damaged. */
export function decodeHead(bytes: Buffer): JournalHead {
  if (bytes.length < HEAD_PREFIX || bytes.readUInt32LE(0) !== MAGIC) throw new JournalError('it is not a journal');
  const format = bytes.readUInt32LE(4);
  if (format !== JOURNAL_FORMAT)
    throw new JournalError(`it has format ${format}; this release reads format ${JOURNAL_FORMAT}`);
  const length = bytes.readUInt32LE(8);
  const text = bytes.subarray(HEAD_PREFIX, HEAD_PREFIX + length);
  if (text.length !== length || crc32(text) !== bytes.readUInt32LE(12)) throw new JournalError('its head is damaged');
  return JSON.parse(text.toString(), textAsBig) as JournalHead;
}

function bigAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? { bits: value.toString(16) } : value;
}

function textAsBig(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('bits' in value)) return value;
  return BigInt(`0x${String(value.bits)}`);
}

/** The plain shape of a record in JSON. */
type Plain = [
  offered: string,
  offeredProtocol: string,
  acked: string | null,
  ackedProtocol: string | null,
  started: readonly number[],
  ringSizes: readonly (readonly [number, number])[],
  queuePairs: number | null,
  relayed: boolean,
  pending: readonly (readonly [request: number, answer: string | null, dropped?: boolean, features?: string])[],
  messages: readonly PendingMessage[],
  barriers: number,
  postcopy: boolean,
];

export function encodeRecord(sequence: bigint, { state, messages, barriers }: JournalRecord): Buffer {
  const plain: Plain = [
    state.offered.toString(16),
    state.offeredProtocol.toString(16),
    state.acked?.toString(16) ?? null,
    state.ackedProtocol?.toString(16) ?? null,
    state.started,
    [...state.ringSizes],
    state.queuePairs ?? null,
    state.relayed,
    state.pending.map(({ request, answer, dropped = false, features }) => {
      const text = answer ? Buffer.from(answer).toString('base64') : null;
      if (features !== undefined) return [request, text, dropped, features.toString(16)];
      return dropped ? [request, text, dropped] : [request, text];
    }),
    messages,
    barriers,
    state.postcopy,
  ];
  const text = Buffer.from(JSON.stringify(plain));
  if (text.length > RECORD_BYTES - RECORD_PREFIX)
    throw new JournalError(`Cannot write a journal record of ${text.length} bytes`);
  const bytes = Buffer.allocUnsafe(RECORD_PREFIX + text.length);
  bytes.writeBigUInt64LE(sequence, 0);
  bytes.writeUInt32LE(text.length, 8);
  text.copy(bytes, RECORD_PREFIX);
  bytes.writeUInt32LE(checksum(bytes, text), 12);
  return bytes;
}

/** Undefined: never written, or not written to its end. */
export function decodeRecord(bytes: Buffer): { readonly sequence: bigint; readonly record: JournalRecord } | undefined {
  if (bytes.length < RECORD_PREFIX) return undefined;
  const length = bytes.readUInt32LE(8);
  const text = bytes.subarray(RECORD_PREFIX, RECORD_PREFIX + length);
  if (length === 0 || text.length !== length || checksum(bytes, text) !== bytes.readUInt32LE(12)) return undefined;
  const plain = JSON.parse(text.toString()) as Plain;
  const [offered, offeredProtocol, acked, ackedProtocol, started, ringSizes, queuePairs, relayed, pending] = plain;
  const state: SessionState = {
    offered: big(offered),
    offeredProtocol: big(offeredProtocol),
    acked: acked === null ? undefined : big(acked),
    ackedProtocol: ackedProtocol === null ? undefined : big(ackedProtocol),
    started,
    ringSizes: new Map(ringSizes),
    queuePairs: queuePairs ?? undefined,
    relayed,
    postcopy: plain[11],
    pending: pending.map(([request, answer, dropped, features]) => ({
      request,
      ...(answer !== null && { answer: Buffer.from(answer, 'base64') }),
      ...(dropped && { dropped }),
      ...(features !== undefined && { features: big(features) }),
    })),
  };
  return { sequence: bytes.readBigUInt64LE(0), record: { state, messages: plain[9], barriers: plain[10] } };
}

/** Covers the sequence number too, so that one record cannot pass for another. */
function checksum(bytes: Buffer, text: Buffer): number {
  return crc32(text, crc32(bytes.subarray(0, 8)));
}

function big(hex: string): bigint {
  return BigInt(`0x${hex}`);
}
