/**
 * Texts with variables, matched against plain texts without listing what the variables could be. One variable has one
 * value in all the texts of an entry, so that `i915-GVTg_V5_${type}` and `${type/2}` belong together.
 */
import { Effort } from '../compare/effort.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { FieldValue, Variable } from './device-document.ts';
import { fieldText, orderedSet, valueIn, wholeNumberIn } from './variables.ts';

export type Variables = Readonly<Record<string, Variable>>;
/** Variable → value. */
export type Bindings = ReadonlyMap<string, string>;

interface Reference {
  readonly variable: string;
  readonly spec: Variable;
  /** The text is the value × times / over. */
  readonly times: number;
  readonly over: number;
}

export interface Pattern {
  /** As it was written, for people. */
  readonly text: string;
  readonly segments: readonly (string | Reference)[];
  /** A set without variables: what it is compared with is put in order first. */
  readonly isSet: boolean;
}

/** A pattern and the plain value to be matched with it. */
export interface Task {
  readonly pattern: Pattern;
  readonly value: FieldValue;
}

/** A document that needs more is ambiguous on purpose; nobody should wait for it. */
const MAX_STEPS = 100_000;

/** Reads `…${variable}…`, `${variable*2}`, `${variable/2}`; `$${` is a plain `${`. Throws VC-DOCUMENT. */
export function parsePattern(value: FieldValue, variables: Variables): Pattern {
  if (typeof value !== 'string')
    return { text: fieldText(value), segments: [fieldText(value)], isSet: typeof value === 'object' };
  const segments: (string | Reference)[] = [];
  let literal = '';
  // What is not a reference is literal, but no lone `${` is: it would be a slip of the pen.
  for (const [part, escaped, name, operator, factor] of value.matchAll(
    /(\$\$\{)|\$\{(\w+)(?:([*/])([1-9]\d{0,5}))?\}|\$\{|[^$]+|\$/g,
  )) {
    if (escaped !== undefined) literal += '${';
    else if (name !== undefined) {
      if (literal !== '') segments.push(literal);
      literal = '';
      segments.push(reference(value, name, operator, Number(factor ?? 1), variables));
    } else if (part === '${') {
      throw new CompatError('VC-DOCUMENT', `Cannot read "${value}": wanted \${name}, \${name*N} or \${name/N}`);
    } else literal += part;
  }
  if (literal !== '') segments.push(literal);
  return { text: value, segments, isSet: false };
}

function reference(
  text: string,
  variable: string,
  operator: string | undefined,
  factor: number,
  variables: Variables,
): Reference {
  const spec = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
  if (spec === undefined)
    throw new CompatError('VC-DOCUMENT', `Cannot read "${text}": variable "${variable}" is not declared`);
  if (operator !== undefined && spec.type !== 'integer')
    throw new CompatError('VC-DOCUMENT', `Cannot read "${text}": "${variable}" is no integer to reckon with`);
  return { variable, spec, times: operator === '*' ? factor : 1, over: operator === '/' ? factor : 1 };
}

export function isConcrete({ segments }: Pattern): boolean {
  return segments.every((one) => typeof one === 'string');
}

/** Values for the variables with which every pattern gives its value; undefined when there are none. */
export function matchAll(tasks: readonly Task[], effort = new Effort()): Bindings | undefined {
  return new Matcher(tasks, effort).match();
}

class Matcher {
  readonly #tasks: readonly { readonly pattern: Pattern; readonly text: string; readonly literal: string }[];
  readonly #bound = new Map<string, string>();
  readonly #effort: Effort;
  #steps = 0;

  constructor(tasks: readonly Task[], effort: Effort) {
    this.#effort = effort;
    effort.spend(tasks.length);
    this.#tasks = tasks.map(({ pattern, value }) => {
      const literal = pattern.segments.join('');
      // A set is the same set however it is written, when either side says that it is one.
      const asSets = isConcrete(pattern) && (pattern.isSet || typeof value === 'object');
      const text = fieldText(value);
      return { pattern, text: asSets ? orderedSet(text) : text, literal: asSets ? orderedSet(literal) : literal };
    });
  }

  match(): Bindings | undefined {
    return this.#from(0, 0, 0) ? this.#bound : undefined;
  }

  /** Whether the rest matches from this place of this segment of this task on. */
  #from(index: number, at: number, place: number): boolean {
    this.#step();
    const task = this.#tasks[index];
    if (task === undefined) return true;
    const { pattern, text, literal } = task;
    const { segments } = pattern;
    if (at === 0 && isConcrete(pattern)) return text === literal && this.#from(index + 1, 0, 0);
    const segment = segments[at];
    if (segment === undefined) return place === text.length && this.#from(index + 1, 0, 0);
    if (typeof segment === 'string')
      return text.startsWith(segment, place) && this.#from(index, at + 1, place + segment.length);
    // The last segment takes all that is left; before that, long readings first, as people read.
    const shortest = at === segments.length - 1 ? text.length : place;
    for (let end = text.length; end >= shortest; end -= 1) {
      this.#step();
      if (this.#bind(segment, text.slice(place, end), () => this.#from(index, at + 1, end))) return true;
    }
    return false;
  }

  #step(): void {
    this.#steps += 1;
    this.#effort.spend(1);
    if (this.#steps > MAX_STEPS)
      throw new CompatError('VC-DOCUMENT', 'Cannot match an entry: its texts can be read in too many ways');
  }

  /** Gives the variable the value that the text says, for as long as it takes to try the rest. */
  #bind({ variable, spec, times, over }: Reference, text: string, rest: () => boolean): boolean {
    const value = valueIn(spec, times === 1 && over === 1 ? text : reckonBack(text, times, over));
    const earlier = this.#bound.get(variable);
    if (value === undefined || (earlier !== undefined && earlier !== value)) return false;
    if (earlier !== undefined) return rest();
    this.#bound.set(variable, value);
    if (rest()) return true;
    this.#bound.delete(variable);
    return false;
  }
}

/** The value of which the text is the multiple or the part; empty, which no number is, when there is none. */
function reckonBack(text: string, times: number, over: number): string {
  const number = wholeNumberIn(text);
  const value = number === undefined ? Number.NaN : (number * over) / times;
  return Number.isSafeInteger(value) ? String(value) : '';
}
