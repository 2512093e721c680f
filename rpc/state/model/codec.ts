import { formatMask, parseMask } from '../../../compat-tables/bits/mask.ts';
import type { Blocker, Limits, Tier } from '../../../compat-tables/entries/entry.ts';
import type { Withdrawal } from '../../../compat-tables/entries/withdrawal.ts';
import type { Json } from '../../json/json-value.ts';
import type { ReplicaRow } from '../../ovsdb/client/replica.ts';
import { ovsMap, ovsOptional, ovsSet } from '../../ovsdb/notation/values.ts';

/** A value of a column as a replica has it. */
export type StoredCell = ReplicaRow[string];

/** The form of a value in documents; rpc/fleet has the check and the JSON schema of each. */
export type Shape =
  | ('text' | 'repeated-text' | 'digest' | 'mask' | 'integer' | 'flag' | 'tier')
  | ('texts' | 'named-texts' | 'integers' | 'blockers' | 'withdrawal');

/** A value of type T in TypeScript, in the database and, as a D, in documents. An undefined D is left out of them. */
export interface Codec<T, D> {
  /** The type of the column as the schema states it (RFC 7047, section 3.2). */
  readonly type: Json;
  /** The type for people. */
  readonly words: string;
  /** Undefined: the value does not stand in documents. */
  readonly shape: Shape | undefined;
  /** Never throws: a value that another release writes otherwise must not hide the rest of its host. */
  read(cell: StoredCell): T;
  /** In OVSDB notation; undefined empties the column. */
  write(value: T): Json;
  toDocument(value: T): D;
  /** For tables, where that is not what documents have. */
  toText?(value: T): string | undefined;
}

const same = <T>(value: T): T => value;

export const text: Codec<string, string> = {
  ...{ type: 'string', words: 'text', shape: 'text' },
  read: (cell) => (typeof cell === 'string' ? cell : ''),
  write: (value) => value ?? '',
  toDocument: same,
};

/** A text of which a fleet has few: its documents share one copy of each. */
export const repeatedText: typeof text = { ...text, shape: 'repeated-text' };

export const digest: typeof text = { ...text, words: 'text: SHA-256, hexadecimal', shape: 'digest' };

export const optionalText: Codec<string | undefined, string | undefined> = {
  ...{ type: { key: 'string', min: 0, max: 1 }, words: 'optional text', shape: 'text' },
  read: (cell) => (typeof cell === 'string' && cell !== '' ? cell : undefined),
  write: ovsOptional,
  toDocument: same,
};

export const flag: Codec<boolean, boolean> = {
  ...{ type: 'boolean', words: 'boolean', shape: 'flag' },
  read: (cell) => cell === true,
  write: same,
  toDocument: same,
};

export const integer: Codec<number, number> = {
  ...{ type: 'integer', words: 'integer', shape: 'integer' },
  read: (cell) => numberIn(cell) ?? 0,
  write: same,
  toDocument: same,
};

export const time: typeof integer = { ...integer, words: 'integer: milliseconds since 1970' };

export const optionalInteger: Codec<number | undefined, number | undefined> = {
  ...{ type: { key: 'integer', min: 0, max: 1 }, words: 'optional integer', shape: 'integer' },
  read: numberIn,
  write: ovsOptional,
  toDocument: same,
};

export const optionalTime: typeof optionalInteger = {
  ...optionalInteger,
  words: 'optional integer: milliseconds since 1970',
  // what no Date can hold (ECMA-262, section 21.4.1.1) is not shown
  toText: (ms) => (ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString()),
};

/** OVSDB integers are signed 64-bit, and virtio has bits above 63: masks are texts. */
export const mask: Codec<bigint, string> = {
  ...{ type: 'string', words: 'text: a mask such as `0x130008000`', shape: 'mask' },
  read: (cell) => maskIn(cell) ?? 0n,
  write: formatMask,
  toDocument: formatMask,
};

const maybeMask = (value: bigint | undefined) => (value === undefined ? undefined : formatMask(value));

export const optionalMask: Codec<bigint | undefined, string | undefined> = {
  ...{ type: optionalText.type, words: `optional ${mask.words}`, shape: 'mask' },
  read: maskIn,
  write: (value) => ovsOptional(maybeMask(value)),
  toDocument: maybeMask,
};

/** A mask that is 0 where the column is empty. */
export const maskOrNone: Codec<bigint, string | undefined> = {
  ...optionalMask,
  read: mask.read,
  write: (value) => optionalMask.write(value || undefined),
  toDocument: (value) => maybeMask(value || undefined),
};

export const texts: Codec<readonly string[], readonly string[]> = {
  ...{ type: { key: 'string', min: 0, max: 'unlimited' }, words: 'set of texts', shape: 'texts' },
  read: textsIn,
  // without doubles: a set that holds one twice is an error for the server
  write: (values) => ovsSet([...new Set(values)].sort()),
  toDocument: same,
};

/** Rows of another table, by UUID. They end with their last reference. */
export function references(table: string) {
  return {
    type: { key: { type: 'uuid', refTable: table, refType: 'strong' }, min: 0, max: 'unlimited' },
    words: `set of references to rows of ${table}`,
    shape: undefined,
    read: textsIn as (cell: StoredCell) => readonly string[],
    write: (uuids: readonly string[]) => ovsSet(uuids.map((uuid) => ['uuid', uuid])),
    toDocument: same,
  } as const;
}

const TIERS: readonly Tier[] = ['both-ways', 'forward-only', 'best-effort'];

export const tier: Codec<Tier, Tier> = {
  type: { key: { type: 'string', enum: ['set', [...TIERS]] } },
  words: `one of ${TIERS.map((one) => `\`${one}\``).join(', ')}`,
  shape: 'tier',
  read: (cell) => TIERS.find((one) => one === cell) ?? 'best-effort',
  write: same,
  toDocument: same,
};

/** Each is one JSON text, its members in fixed order, so that equal blockers are equal texts. */
export const blockers: Codec<readonly Blocker[], readonly Blocker[]> = {
  ...{ type: texts.type, words: 'set of texts: JSON objects of `code`, `text`, `missing`', shape: 'blockers' },
  read: (cell) => textsIn(cell).map(readBlocker),
  write: (values) => texts.write(values.map(({ code, text, missing }) => JSON.stringify({ code, text, missing }))),
  toDocument: same,
};

/** Text of any other form is shown as it is. */
function readBlocker(stored: string): Blocker {
  try {
    const value: unknown = JSON.parse(stored);
    if (typeof value === 'object' && value !== null && 'code' in value && 'text' in value) {
      const missing = 'missing' in value && Array.isArray(value.missing) ? value.missing.map(String) : [];
      return { code: String(value.code), text: String(value.text), missing };
    }
  } catch {
    // falls through: text that is not JSON is a sentence
  }
  return { code: 'VC-INTERNAL', text: stored, missing: [] };
}

const exactly = (value: unknown) => (typeof value === 'bigint' ? value : Number(value));

function mapOf<K extends string | number, V>(
  key: 'string' | 'integer',
  value: 'string' | 'integer',
  readKey: (key: unknown) => K,
  readValue: (value: unknown) => V,
) {
  const words = { string: 'texts', integer: 'integers' };
  return {
    type: { key, value, min: 0, max: 'unlimited' },
    words: `map of ${words[key]} to ${words[value]}`,
    read: (cell: StoredCell): ReadonlyMap<K, V> => new Map(pairsIn(cell).map(([k, v]) => [readKey(k), readValue(v)])),
    write: (map: ReadonlyMap<K, V>) => ovsMap((map ?? {}) as ReadonlyMap<string, Json & string>),
    toDocument: (map: ReadonlyMap<K, V>) => Object.fromEntries(map) as Readonly<Record<K, V>>,
  };
}

export const textMap = { ...mapOf('string', 'string', String, String), shape: undefined } as const;

/** The same, in documents when there is something in it. */
export const namedTexts = {
  ...textMap,
  shape: 'named-texts',
  toDocument: (map: ReadonlyMap<string, string>) => (map.size === 0 ? undefined : textMap.toDocument(map)),
} as const;

/** Empty: not withdrawn. A map without its two texts says nothing that can be told. */
export const withdrawal: Codec<Withdrawal | undefined, Withdrawal | undefined> = {
  ...{ type: textMap.type, words: 'map of texts: `since`, `why`, and `use` if there is one', shape: 'withdrawal' },
  read: (cell) => {
    const { since, why, use } = Object.fromEntries(pairsIn(cell)) as Record<string, string | undefined>;
    if (since === undefined || why === undefined) return undefined;
    return { since, why, ...(use === undefined ? {} : { use }) };
  },
  write: (value) => ovsMap({ ...value } as Record<string, string>),
  toDocument: same,
};

/** A counter may be above 2^53, and would lose digits as a number. */
export const counters = { ...mapOf('string', 'integer', String, exactly), shape: undefined } as const;

/** Ring index → descriptors. */
export const integersByIndex = { ...mapOf('integer', 'integer', Number, Number), shape: 'integers' } as const;

export const limits: Codec<Limits, Limits> = {
  ...{ type: counters.type, words: counters.words, shape: 'integers' },
  read: (cell) => Object.fromEntries(pairsIn(cell).map(([name, value]) => [String(name), Number(value)])),
  write: (value) => ovsMap(value ?? {}),
  toDocument: same,
};

function numberIn(cell: StoredCell): number | undefined {
  return typeof cell === 'number' || typeof cell === 'bigint' ? Number(cell) : undefined;
}

export function maskIn(cell: StoredCell): bigint | undefined {
  if (typeof cell !== 'string' || cell === '') return undefined;
  try {
    return parseMask(cell);
  } catch {
    return undefined;
  }
}

function textsIn(cell: StoredCell): string[] {
  return Array.isArray(cell) ? cell.map(String) : typeof cell === 'string' ? [cell] : [];
}

function pairsIn(cell: StoredCell): [unknown, unknown][] {
  return cell instanceof Map ? [...cell] : [];
}
