/**
 * Checks of values of unknown shape, from a socket or a file. A check returns the value with its type, or throws with the
 * path of what is wrong: `versions[3].digest`.
 */
export type Check<T> = (value: unknown, path: string) => T;

export class ShapeError extends Error {
  override readonly name: string = 'ShapeError';
  /** Where in the value: `versions[3].digest`. */
  readonly path: string;

  constructor(path: string, text: string) {
    super(`Cannot read ${path}: ${text}`);
    this.path = path;
  }
}

/** An error that names what was expected and what was there. */
export function expected(path: string, wanted: string, value: unknown): ShapeError {
  return new ShapeError(path, `expected ${wanted}, got ${kind(value)}`);
}

export const string: Check<string> = (value, path) => {
  if (typeof value !== 'string') throw expected(path, 'a string', value);
  return value;
};

/** Text of at most so many characters, for what is kept. */
export function stringUpTo(most: number): Check<string> {
  return (value, path) => {
    const text = string(value, path);
    if (text.length > most) throw new ShapeError(path, `expected at most ${most} characters, got ${text.length}`);
    return text;
  };
}

export const boolean: Check<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw expected(path, 'true or false', value);
  return value;
};

/** A whole number that JSON carries exactly. */
export const integer: Check<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw expected(path, 'a whole number', value);
  return value;
};

/** A whole number within bounds, both of them allowed. */
export function integerFrom(least: number, most: number): Check<number> {
  return (value, path) => {
    const number = integer(value, path);
    if (number < least || number > most) throw expected(path, `a whole number from ${least} to ${most}`, value);
    return number;
  };
}

/** @internal for tests: no document has a fraction yet */
export const number: Check<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw expected(path, 'a number', value);
  return value;
};

/** A feature mask in JSON: hexadecimal text, because numbers lose bits above 2^53. */
export const hexMask: Check<string> = (value, path) => {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,32}$/i.test(value))
    throw expected(path, 'a mask such as "0x130008000"', value);
  return value.toLowerCase();
};

export function oneOf<const T extends string>(...words: readonly T[]): Check<T> {
  return (value, path) => {
    const word = words.find((one) => one === value);
    if (word === undefined) throw expected(path, words.map((one) => `"${one}"`).join(' or '), value);
    return word;
  };
}

export function array<T>(check: Check<T>, maxItems = 100_000): Check<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw expected(path, 'an array', value);
    if (value.length > maxItems) throw new ShapeError(path, `expected at most ${maxItems} items, got ${value.length}`);
    return value.map((item, index) => check(item, `${path}[${index}]`));
  };
}

/** An object used as a map: any names, one check for all values. */
export function record<T>(check: Check<T>): Check<Record<string, T>> {
  return (value, path) =>
    Object.fromEntries(
      Object.entries(members(value, path)).map(([name, one]) => [name, check(one, `${path}.${name}`)]),
    );
}

type Checks<T> = { readonly [K in keyof T]: Check<T[K]> };
/** The result of `object`: all required members, and the optional ones that are present. */
export type ObjectOf<R, O> = { readonly [K in keyof R]: R[K] } & { readonly [K in keyof O]?: O[K] };

/** An object with these members and no others, so that a caller's typing mistake is an error. */
export function object<R extends Record<string, unknown>, O extends Record<string, unknown> = Record<never, never>>(
  required: Checks<R>,
  optional?: Checks<O>,
): Check<ObjectOf<R, O>> {
  return shaped(required, optional, true);
}

/** An object with at least these members; others are left out: newer writers may say more. */
export function openObject<R extends Record<string, unknown>, O extends Record<string, unknown> = Record<never, never>>(
  required: Checks<R>,
  optional?: Checks<O>,
): Check<ObjectOf<R, O>> {
  return shaped(required, optional, false);
}

function shaped<R, O>(required: Checks<R>, optional: Checks<O> | undefined, closed: boolean): Check<ObjectOf<R, O>> {
  const wanted = new Map<string, Check<unknown>>(Object.entries(required));
  const possible = new Map<string, Check<unknown>>(Object.entries(optional ?? {}));
  return (value, path) => {
    const source = members(value, path);
    const result: Record<string, unknown> = {};
    if (closed) {
      const extra = Object.keys(source).find((name) => !wanted.has(name) && !possible.has(name));
      if (extra !== undefined) throw new ShapeError(path, `member "${extra}" is not known here`);
    }
    for (const [name, check] of wanted) result[name] = check(own(source, name), `${path}.${name}`);
    for (const [name, check] of possible) {
      const one = own(source, name);
      if (one !== undefined) result[name] = check(one, `${path}.${name}`);
    }
    return result as ObjectOf<R, O>;
  };
}

function members(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected(path, 'an object', value);
  return value as Record<string, unknown>;
}

/** Own members only: every object inherits `constructor` and its like. */
function own(source: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return value.length > 60 ? `"${value.slice(0, 57)}…"` : `"${value}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `an ${typeof value}`;
}
