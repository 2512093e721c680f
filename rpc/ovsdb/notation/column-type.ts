import type { Atom, AtomicType } from './atoms.ts';

/** `<base-type>` of RFC 7047, section 3.2: an atomic type with its constraints. */
export interface BaseType {
  readonly type: AtomicType;
  /** The permitted atoms, sorted. */
  readonly enum?: readonly Atom[];
  /** Inclusive bounds of an integer or real, or of the length of a string in characters. */
  readonly min?: number | bigint;
  readonly max?: number | bigint;
  readonly refTable?: string;
  readonly refType?: 'strong' | 'weak';
}

/** `<type>` of RFC 7047, section 3.2. */
export interface ColumnType {
  readonly key: BaseType;
  /** Present in a map only. */
  readonly value?: BaseType;
  readonly min: number;
  /** Infinity when unlimited. */
  readonly max: number;
}

export function scalar(type: AtomicType): ColumnType {
  return { key: { type }, min: 1, max: 1 };
}

export function isScalar(type: ColumnType): boolean {
  return type.value === undefined && type.min === 1 && type.max === 1;
}

export function isOptionalScalar(type: ColumnType): boolean {
  return type.value === undefined && type.min === 0 && type.max === 1;
}

export function isMap(type: ColumnType): boolean {
  return type.value !== undefined;
}

export function isSet(type: ColumnType): boolean {
  return type.value === undefined && !isScalar(type);
}

/** How ovsdb-server prints an unlimited number of elements as a number. */
export const UNLIMITED_COUNT = 4294967295;

/** The type in English, as in ovsdb-server's messages: `set of up to 2 integers`. */
export function englishType(type: ColumnType): string {
  if (isScalar(type)) return type.key.type;
  const elements = type.value ? `(${type.key.type}, ${type.value.type}) pairs` : `${type.key.type}s`;
  return `${type.value ? 'map' : 'set'} of${englishCount(type)} ${elements}`;
}

function englishCount({ min, max }: ColumnType): string {
  if (max === Infinity) return min > 0 ? ` ${min} or more` : '';
  return min > 0 ? ` ${min} to ${max}` : ` up to ${max}`;
}
