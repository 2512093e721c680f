import { isWholeText } from '../../../base/text.ts';
import { ATOMIC_TYPES, type Atom } from './atoms.ts';
import type { BaseType } from './column-type.ts';
import { OvsdbError, realText } from './ovsdb-error.ts';
import { countCharacters } from './ovsdb-text.ts';

/** Enum, range and length of one atom (RFC 7047, section 3.2). @throws OvsdbError constraint */
export function checkAtom(atom: Atom, base: BaseType): void {
  if (base.enum !== undefined) checkEnum(atom, base, base.enum);
  if (typeof atom === 'string') {
    if (base.type === 'string') checkString(atom, base);
  } else if (typeof atom !== 'boolean' && (base.min !== undefined || base.max !== undefined)) {
    checkRange(atom, base);
  }
}

function violation(details: string): OvsdbError {
  return new OvsdbError('constraint', details);
}

function checkEnum(atom: Atom, base: BaseType, allowed: readonly Atom[]): void {
  if (allowed.includes(atom)) return;
  const { toText } = ATOMIC_TYPES[base.type];
  throw violation(`${toText(atom)} is not one of the allowed values ([${allowed.map(toText).join(', ')}])`);
}

function checkRange(atom: number | bigint, { type, min, max }: BaseType): void {
  if ((min === undefined || atom >= min) && (max === undefined || atom <= max)) return;
  const show = (value: number | bigint): string => (type === 'real' ? realText(Number(value)) : String(value));
  if (min !== undefined && max !== undefined) {
    throw violation(`${show(atom)} is not in the valid range ${show(min)} to ${show(max)} (inclusive)`);
  }
  if (min !== undefined) throw violation(`${show(atom)} is less than minimum allowed value ${show(min)}`);
  if (max !== undefined) throw violation(`${show(atom)} is greater than maximum allowed value ${show(max)}`);
}

function checkString(text: string, { min, max }: BaseType): void {
  if (!isWholeText(text)) throw violation('not a valid UTF-8 string: it holds half of a surrogate pair or a NUL');
  if (min === undefined && max === undefined) return;
  const length = countCharacters(text);
  if (min !== undefined && length < min) {
    throw violation(`"${text}" length ${length} is less than minimum allowed length ${min}`);
  }
  if (max !== undefined && length > max) {
    throw violation(`"${text}" length ${length} is greater than maximum allowed length ${max}`);
  }
}
