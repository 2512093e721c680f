import { ATOMIC_TYPES, type Atom, type AtomicType } from './atoms.ts';
import type { ColumnType } from './column-type.ts';
import type { Datum } from './notation.ts';

/** Set and map algebra on canonical data: sorted, without equal keys. No function changes its arguments. */

export function equalDatum(a: Datum, b: Datum): boolean {
  return a === b || (equalAtoms(a.keys, b.keys) && equalAtoms(a.values, b.values));
}

function equalAtoms(a: readonly Atom[], b: readonly Atom[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Orders data of one type: fewer elements first, then keys, then values, as ovsdb-server sorts rows. */
export function compareDatum(a: Datum, b: Datum, type: ColumnType): number {
  return (
    a.keys.length - b.keys.length ||
    compareAtoms(a.keys, b.keys, type.key.type) ||
    (type.value === undefined ? 0 : compareAtoms(a.values, b.values, type.value.type))
  );
}

function compareAtoms(a: readonly Atom[], b: readonly Atom[], type: AtomicType): number {
  const { compare } = ATOMIC_TYPES[type];
  for (let i = 0; i < a.length; i++) {
    const order = compare(a[i] as Atom, b[i] as Atom);
    if (order !== 0) return order;
  }
  return 0;
}

/** Where `key` stands in sorted keys, or -1. */
function findKey(keys: readonly Atom[], key: Atom, type: AtomicType): number {
  const { compare } = ATOMIC_TYPES[type];
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compare(key, keys[middle] as Atom);
    if (order === 0) return middle;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return -1;
}

/** Whether element i of `part` (key and, in a map, value) is in `whole`. */
function has(whole: Datum, part: Datum, i: number, type: AtomicType): boolean {
  const at = findKey(whole.keys, part.keys[i] as Atom, type);
  return at >= 0 && (part.values.length === 0 || part.values[i] === whole.values[at]);
}

/** Whether every element of `part` is in `whole`. */
export function includesAll(whole: Datum, part: Datum, { key }: ColumnType): boolean {
  return part.keys.every((_, i) => has(whole, part, i, key.type));
}

/** Whether no element of `part` is in `whole`. */
export function excludesAll(whole: Datum, part: Datum, { key }: ColumnType): boolean {
  return !part.keys.some((_, i) => has(whole, part, i, key.type));
}

/** The elements of both. Where a key is in both maps, the pair of `a` stays (RFC 7047, section 5.1, `insert`). */
export function union(a: Datum, b: Datum, type: ColumnType): Datum {
  if (b.keys.length === 0) return a;
  return a.keys.length === 0 ? b : merge(a, b, type, false);
}

/** Merges sorted data. Of a key in both: the pair of `a`, or for a difference that of `b` if its value is another one. */
function merge(a: Datum, b: Datum, { key, value }: ColumnType, difference: boolean): Datum {
  const { compare } = ATOMIC_TYPES[key.type];
  const keys: Atom[] = [];
  const values: Atom[] = [];
  const push = (from: Datum, at: number): void => {
    keys.push(from.keys[at] as Atom);
    if (value !== undefined) values.push(from.values[at] as Atom);
  };
  let i = 0;
  let j = 0;
  while (i < a.keys.length || j < b.keys.length) {
    const order = i === a.keys.length ? 1 : j === b.keys.length ? -1 : compare(a.keys[i] as Atom, b.keys[j] as Atom);
    if (order < 0 || (order === 0 && !difference)) push(a, i);
    else if (order > 0 || a.values[i] !== b.values[j]) push(b, j);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return { keys, values };
}

/** `a` without the elements of `b`; if `b` has keys only, pairs go whatever their value. */
export function subtract(a: Datum, b: Datum, type: ColumnType): Datum {
  return filterDatum(a, (key, i) => {
    const at = findKey(b.keys, key, type.key.type);
    return at < 0 || (b.values.length > 0 && b.values[at] !== a.values[i]);
  });
}

/** The elements that pass; `a` itself if all do. */
export function filterDatum(a: Datum, keep: (key: Atom, index: number) => boolean): Datum {
  const kept = a.keys.map(keep);
  if (!kept.includes(false)) return a;
  return { keys: a.keys.filter((_, i) => kept[i]), values: a.values.filter((_, i) => kept[i]) };
}

/**
 * The difference that turns `before` into `after`, as `update2` of ovsdb-server(7) writes it: the elements of a set to toggle;
 * the pairs of a map that were added, removed or changed, these with the new value. Columns of at most one element: the new value.
 */
export function diffDatum(before: Datum, after: Datum, type: ColumnType): Datum {
  return type.max <= 1 ? after : merge(before, after, type, true);
}
