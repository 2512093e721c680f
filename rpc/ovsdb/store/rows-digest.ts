import type { RowChange } from '../engine/table-rows.ts';
import type { Datum } from '../notation/notation.ts';
import { type TableSchema, UUID_INDEX } from '../notation/schema.ts';

/** Two numbers below 2^32. */
type Pair = readonly [number, number];

type Fields = readonly Datum[];

/**
 * A digest of all rows on the disk, by which a start notices that somebody has edited them. It is a sum over the elements of all
 * values, so that a transaction costs as much as it changes, and rows may come in any order. It finds edits, and is no signature.
 */
export class RowsDigest {
  #first = 0;
  #second = 0;

  /** The digest as it is now, in 16 hexadecimal digits. */
  get text(): string {
    return [this.#first, this.#second].map((sum) => sum.toString(16).padStart(8, '0')).join('');
  }

  /** Adds a row that was read from the disk, or written to it as a whole. */
  add(schema: TableSchema, fields: Fields): void {
    this.#count(schema, undefined, fields, schema.allIndexes);
  }

  /** The digest after these transactions; this one stays as it is. */
  after(transactions: readonly (readonly RowChange[])[]): RowsDigest {
    const next = new RowsDigest();
    next.#first = this.#first;
    next.#second = this.#second;
    for (const changes of transactions) {
      for (const { row, before, after, columns } of changes) next.#count(row.table.schema, before, after, columns);
    }
    return next;
  }

  #count(schema: TableSchema, before: Fields | undefined, after: Fields | undefined, columns: readonly number[]): void {
    const seeds = seedsOf(schema);
    const row = hash((before ?? after)?.[UUID_INDEX]?.keys[0] as string, ZERO);
    for (const index of columns) {
      const column = seeds[index];
      if (column === undefined) continue;
      const seed: Pair = [column[0] ^ row[0], column[1] ^ row[1]];
      const [old, now] = [before?.[index] ?? NOTHING, after?.[index] ?? NOTHING];
      // Long sets mostly differ in one element.
      const begin = sharedBegin(old, now);
      const end = sharedEnd(old, now, begin);
      this.#sum(seed, old, begin, old.keys.length - end, -1);
      this.#sum(seed, now, begin, now.keys.length - end, 1);
    }
  }

  #sum(seed: Pair, { keys, values }: Datum, from: number, to: number, sign: 1 | -1): void {
    for (let i = from; i < to; i++) {
      const key = hash(String(keys[i]), seed);
      const [first, second] = values.length === 0 ? key : hash(String(values[i]), key);
      this.#first = (this.#first + sign * first) >>> 0;
      this.#second = (this.#second + sign * second) >>> 0;
    }
  }
}

const ZERO: Pair = [0, 0];
const NOTHING: Datum = { keys: [], values: [] };

const SEEDS = new WeakMap<TableSchema, readonly (Pair | undefined)[]>();

/** For each column what its elements begin with; undefined: the disk does not keep it. */
function seedsOf(schema: TableSchema): readonly (Pair | undefined)[] {
  let seeds = SEEDS.get(schema);
  if (seeds === undefined) {
    const table = hash(schema.name, ZERO);
    seeds = schema.columnList.map(({ name, ephemeral }) => (ephemeral ? undefined : hash(name, table)));
    SEEDS.set(schema, seeds);
  }
  return seeds;
}

function equalAt(a: Datum, i: number, b: Datum, j: number): boolean {
  return a.keys[i] === b.keys[j] && a.values[i] === b.values[j];
}

/** How many elements both begin with. */
function sharedBegin(a: Datum, b: Datum): number {
  const most = Math.min(a.keys.length, b.keys.length);
  let count = 0;
  while (count < most && equalAt(a, count, b, count)) count++;
  return count;
}

/** How many elements both end with, beside those that they begin with. */
function sharedEnd(a: Datum, b: Datum, begin: number): number {
  const most = Math.min(a.keys.length, b.keys.length) - begin;
  let count = 0;
  while (count < most && equalAt(a, a.keys.length - 1 - count, b, b.keys.length - 1 - count)) count++;
  return count;
}

/** Two hashes of a text, each a multiplication per character and a mix at the end, as in MurmurHash3. */
function hash(text: string, [first, second]: Pair): Pair {
  let a = (first ^ 0x9e3779b9) + text.length;
  let b = second ^ 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code ^ (a >>> 16), 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
  b = Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  return [(a ^ (b >>> 16)) >>> 0, (b ^ (a >>> 13)) >>> 0];
}
