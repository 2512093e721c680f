import type { Json } from '../../json/json-value.ts';
import { readableReal, realText } from './ovsdb-error.ts';
import { compareText, isId } from './ovsdb-text.ts';

export type AtomicType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';

/**
 * A value of an atomic type. An integer is a number if it is safe, else a `bigint`, so that `===` compares them; UUIDs are 36
 * characters in lower case; reals are never -0.
 */
export type Atom = number | bigint | boolean | string;

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;
export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

interface AtomicTraits {
  readonly zero: Atom;
  compare(a: Atom, b: Atom): number;
  toJson(atom: Atom): Json;
  /** As in messages, e.g. `"b c"`. */
  toText(atom: Atom): string;
}

const compareNumbers = (a: Atom, b: Atom): number => (a < b ? -1 : a > b ? 1 : 0);

export const ATOMIC_TYPES: Readonly<Record<AtomicType, AtomicTraits>> = {
  integer: { zero: 0, compare: compareNumbers, toJson: (atom) => atom, toText: String },
  real: {
    zero: 0,
    compare: compareNumbers,
    toJson: (atom) => readableReal(atom as number),
    toText: (atom) => realText(atom as number),
  },
  boolean: { zero: false, compare: compareNumbers, toJson: (atom) => atom, toText: String },
  string: {
    zero: '',
    compare: (a, b) => compareText(a as string, b as string),
    toJson: (atom) => atom,
    toText: (atom) => quotedIfNeeded(atom as string),
  },
  uuid: {
    zero: ZERO_UUID,
    // In lower case and of one length, so that code units order them like numbers.
    compare: compareNumbers,
    toJson: (atom) => ['uuid', atom],
    toText: (atom) => atom as string,
  },
};

export function isAtomicType(name: string): name is AtomicType {
  return Object.hasOwn(ATOMIC_TYPES, name);
}

/**
 * A 64-bit integer in its one representation, or undefined. An unsafe whole `number` is no integer: its JSON had a fraction or
 * exceeded 64 bits, otherwise it would be a `bigint`.
 */
export function toInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value || 0 : undefined; // -0 becomes 0
  if (typeof value !== 'bigint' || value < INT64_MIN || value > INT64_MAX) return undefined;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** A finite real, or undefined. */
export function toReal(value: unknown): number | undefined {
  const real = typeof value === 'bigint' ? Number(value) : value;
  if (typeof real !== 'number' || !Number.isFinite(real)) return undefined;
  return real === 0 ? 0 : real;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID in its one representation, or undefined. */
export function toUuid(text: string): string | undefined {
  return UUID.test(text) ? text.toLowerCase() : undefined;
}

/** A string as ovsdb-server shows it in messages: bare if it looks like a word. */
function quotedIfNeeded(text: string): string {
  const bare = isId(text.replace(/(?!^)[-.]/g, '_')) && text !== 'true' && text !== 'false';
  return bare ? text : JSON.stringify(text);
}
