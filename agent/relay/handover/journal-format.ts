import { crc32 } from 'node:zlib';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { SessionState } from '../session/session.ts';
import { journalHead, journalRecord } from './journal-checks.ts';

/** The format of a port's journal, from which the next process goes on where this one was ended. Pure. */

/** What is done about each message, in this order (docs/adr/0007); `begun` only with one that carries descriptors. */
export const RELAY_STEPS = ['peeked', 'journalled', 'sent', 'begun', 'consumed', 'done'] as const;
export type RelayStep = (typeof RELAY_STEPS)[number];

export type Side = 'frontend' | 'backend';

/** Which of the two receipts of a side tells of a message; the next message has the other one. */
export type ReceiptNumber = 0 | 1;

/** A message that was decided on and is not consumed yet. */
export interface PendingMessage {
  readonly from: Side;
  readonly to: Side;
  /**
   * `peeked`: it stays in the kernel's queue until it was sent. `taken`: consumed before it was sent. `pipe` and `descriptors`
   * are those of the release before: what a pipe holds was not sent; whether a message with descriptors was is not known.
   */
  readonly via: 'peeked' | 'taken' | 'pipe' | 'descriptors';
  readonly request: number;
  /** The number of descriptors that it carries. */
  readonly descriptors: number;
  /** Its length: when fewer bytes of it are left to be consumed, consuming had begun, so it was sent. */
  readonly bytes: number;
  /** What is sent; undefined: the message as it came. */
  readonly output?: Uint8Array | undefined;
  /** How many bytes were sent before the attempt that its receipt tells of; to who reads a journal: in all. */
  readonly sent: number;
  readonly receipt: ReceiptNumber;
  /** Of the release before: the back-end has to answer it. */
  readonly asks?: boolean;
}

/** What changes with every message. */
export interface JournalRecord {
  readonly state: SessionState;
  readonly messages: readonly PendingMessage[];
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
  /** Inode numbers: the front-end's socket and the back-end's; in the release before each with that of the pipe to it. */
  readonly inodes: readonly string[];
}

/** Raised when a release writes what the previous one cannot read. 1: each record in a place of its own, and pipes. */
export const JOURNAL_FORMAT = 2;
const KNOWN_FORMATS: readonly number[] = [1, JOURNAL_FORMAT];

const MAGIC = 0x6a_63_68_76; // "vhcj"
/** magic u32, format u32, length u32, checksum u32 */
const HEAD_PREFIX = 16;
/** sequence u64, length u32, checksum u32 */
const RECORD_PREFIX = 16;
export const HEAD_BYTES = 65_536;
export const RECORD_BYTES = 32_768;
/** What most records fit into: two of them stand in a page, with receipts and what was consumed. */
export const SMALL_RECORD_BYTES = 1888;

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

/** The format of a journal. Throws JournalError: it is none, or in an unknown format. */
export function formatOf(bytes: Buffer): number {
  if (bytes.length < HEAD_PREFIX || bytes.readUInt32LE(0) !== MAGIC) throw new JournalError('it is not a journal');
  const format = bytes.readUInt32LE(4);
  if (KNOWN_FORMATS.includes(format)) return format;
  throw new JournalError(`it has format ${format}; this release reads format ${KNOWN_FORMATS.join(' and ')}`);
}

/** Throws JournalError: not a journal, in an unknown format, damaged, or odd. */
export function decodeHead(bytes: Buffer): JournalHead {
  formatOf(bytes);
  const length = bytes.readUInt32LE(8);
  const text = bytes.subarray(HEAD_PREFIX, HEAD_PREFIX + length);
  if (text.length !== length || crc32(text) !== bytes.readUInt32LE(12)) throw new JournalError('its head is damaged');
  return checked('head', () => journalHead(JSON.parse(text.toString(), textAsBig), 'head') as unknown as JournalHead);
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
  messages: readonly (PlainMessage | OldMessage)[],
  /** Of the release before: questions of its own to the back-end, whose answers were still to come. */
  barriers: number,
  postcopy: boolean,
  memoryRegions?: number | null,
  memorySlots?: number | null,
];

type PlainMessage = readonly [
  from: Side,
  to: Side,
  via: PendingMessage['via'],
  request: number,
  descriptors: number,
  bytes: number,
  sent: number,
  receipt: ReceiptNumber,
  output: string | null,
];

type OldMessage = Omit<PendingMessage, 'output' | 'sent' | 'receipt'>;

function plainMessage(message: PendingMessage): PlainMessage {
  const { from, to, via, request, descriptors, bytes, output, sent, receipt } = message;
  const text = output ? Buffer.from(output).toString('base64') : null;
  return [from, to, via, request, descriptors, bytes, sent, receipt, text];
}

function messageOf(plain: PlainMessage | OldMessage): PendingMessage {
  if (!isPlain(plain)) return { ...plain, sent: 0, receipt: 0 };
  const [from, to, via, request, descriptors, bytes, sent, receipt, text] = plain;
  const output = text === null ? {} : { output: Buffer.from(text, 'base64') };
  return { from, to, via, request, descriptors, bytes, sent, receipt, ...output };
}

function isPlain(message: PlainMessage | OldMessage): message is PlainMessage {
  return Array.isArray(message);
}

export function encodeRecord(sequence: bigint, { state, messages }: JournalRecord): Buffer {
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
    messages.map(plainMessage),
    0,
    state.postcopy,
    state.memoryRegions ?? null,
    state.memorySlots ?? null,
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

interface DecodedRecord {
  readonly sequence: bigint;
  readonly record: JournalRecord;
  /** Of the release before: a question of its own to the back-end was not answered yet. */
  readonly asks?: true;
}

/** Undefined: never written, or not written to its end. Throws JournalError: whole, and odd. */
export function decodeRecord(bytes: Buffer): DecodedRecord | undefined {
  if (bytes.length < RECORD_PREFIX) return undefined;
  const length = bytes.readUInt32LE(8);
  const text = bytes.subarray(RECORD_PREFIX, RECORD_PREFIX + length);
  if (length === 0 || text.length !== length || checksum(bytes, text) !== bytes.readUInt32LE(12)) return undefined;
  const plain: Plain = checked('record', () => journalRecord(JSON.parse(text.toString()), 'record') as Plain);
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
    ...(typeof plain[12] === 'number' && { memoryRegions: plain[12] }),
    ...(typeof plain[13] === 'number' && { memorySlots: plain[13] }),
    pending: pending.map(([request, answer, dropped, features]) => ({
      request,
      ...(answer !== null && { answer: Buffer.from(answer, 'base64') }),
      ...(dropped && { dropped }),
      ...(features !== undefined && { features: big(features) }),
    })),
  };
  const record = { state, messages: plain[9].map(messageOf) };
  return { sequence: bytes.readBigUInt64LE(0), record, ...(plain[10] > 0 && { asks: true as const }) };
}

function checked<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new JournalError(`its ${what} is odd: ${(cause as Error).message}`, { cause });
  }
}

/** Covers the sequence number too, so that one record cannot pass for another. */
function checksum(bytes: Buffer, text: Buffer): number {
  return crc32(text, crc32(bytes.subarray(0, 8)));
}

function big(hex: string): bigint {
  return BigInt(`0x${hex}`);
}
