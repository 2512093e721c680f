/** The texts that a variable can stand for. Values are compared as text; a set as its members in order, joined by `+`. */
import { CompatError } from '../errors/compat-error.ts';
import type { FieldValue, Variable } from './device-document.ts';

const SET_JOINT = '+';

/** The text of a value as it is compared. */
export function fieldText(value: FieldValue): string {
  return typeof value === 'object' ? setText(value) : String(value);
}

function setText(members: readonly string[]): string {
  return [...new Set(members)].sort().join(SET_JOINT);
}

/** The same set in one order: `ppgtt+none` is `none+ppgtt`. */
export function orderedSet(text: string): string {
  return setText(setMembers(text));
}

export function setMembers(text: string): string[] {
  return text === '' ? [] : text.split(SET_JOINT);
}

/** The value that the text stands for, in its one spelling; undefined when the variable cannot have it. */
export function valueIn(variable: Variable, text: string): string | undefined {
  if (variable.type === 'integer') {
    const value = wholeNumberIn(text);
    return value !== undefined && isInside(variable, value) ? text : undefined;
  }
  if (variable.type === 'string') return (variable.values?.includes(text) ?? text !== '') ? text : undefined;
  const present = setMembers(text);
  const { of: all, including = [] } = variable;
  const fits =
    new Set(present).size === present.length &&
    present.every((one) => all.includes(one)) &&
    including.every((one) => present.includes(one));
  return fits ? setText(present) : undefined;
}

/** A whole number in the spelling that JSON would give it. */
export function wholeNumberIn(text: string): number | undefined {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && String(value) === text ? value : undefined;
}

function isInside(variable: Extract<Variable, { type: 'integer' }>, value: number): boolean {
  if ('values' in variable) return variable.values.includes(value);
  const [lowest, highest] = variable.range;
  return value >= lowest && value <= highest && (value - lowest) % (variable.step ?? 1) === 0;
}

/** For people: `1, 2, 4 or 8`. */
export function domainText(variable: Variable): string {
  if (variable.type === 'set') {
    const { of: all, including = [] } = variable;
    const must = including.length === 0 ? '' : ` with ${including.join(SET_JOINT)} among them`;
    return `some of ${all.join(', ')}${must}`;
  }
  if (variable.type === 'integer' && 'range' in variable) {
    const { range, step = 1 } = variable;
    if (range[0] === range[1]) return `${range[0]}`;
    return `${range[0]} to ${range[1]}${step === 1 ? '' : ` in steps of ${step}`}`;
  }
  if (variable.values === undefined) return 'any text';
  return variable.values.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** Refuses a variable that can have no value, or whose values could not be told apart; throws VC-DOCUMENT. */
export function checkVariable(name: string, variable: Variable): void {
  const wrong = (text: string) => new CompatError('VC-DOCUMENT', `Cannot use variable "${name}": ${text}`);
  if (!/^[A-Za-z_]\w{0,62}$/.test(name)) throw wrong('wanted a name of letters, digits and _');
  if (variable.type === 'set') {
    const { of: all, including = [] } = variable;
    if (all.length === 0) throw wrong('"of" is empty; wanted the members that the set may have');
    const member = all.find((one) => one === '' || one.includes(SET_JOINT));
    if (member !== undefined) throw wrong(`member "${member}" is empty or contains "${SET_JOINT}"`);
    const stray = including.find((one) => !all.includes(one));
    if (stray !== undefined) throw wrong(`"including" names "${stray}", which is not among "of"`);
    return;
  }
  if ('range' in variable) {
    const { range, step = 1 } = variable;
    if (range[0] > range[1]) throw wrong(`the range ${range[0]} to ${range[1]} is empty`);
    if (step < 1) throw wrong(`step is ${step}; wanted at least 1`);
    return;
  }
  if (variable.values?.length === 0) throw wrong('"values" is empty; wanted the values that it may have');
}
