import { resolve } from 'node:path';
import { groupId } from '../../base/group-id.ts';

/** The kinds of values that a setting can have. */

/** How one kind of value is written and read. */
export interface Kind<T> {
  /** Stands for the value in help texts (`dir`); undefined: the value is an object, and no flag takes it. */
  readonly placeholder: string | undefined;
  /** Whether the value is a list, and its flag may be repeated. */
  readonly isList?: boolean;
  /** What a variable of the environment says, in the form that a configuration file has. Throws ValueError. */
  fromText(text: string): unknown;
  /** The value from the form that a configuration file has. Throws ValueError. */
  read(value: unknown): T;
}

/** A value that cannot be used. The message follows the name of the setting, or of one of its members: `: saw 5; wanted …`. */
export class ValueError extends Error {
  /** `.like`; empty for the setting itself. */
  readonly member: string;

  constructor(message: string, options: { readonly member?: string; readonly cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.member = options.member ?? '';
  }
}

function wrong(value: unknown, wanted: string): ValueError {
  return new ValueError(`: saw ${JSON.stringify(value)?.slice(0, 80)}; wanted ${wanted}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const asItIs = (text: string): string => text;

export function text(placeholder: string): Kind<string> {
  return { placeholder, fromText: asItIs, read: readText };
}

function readText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw wrong(value, 'a non-empty string');
}

/** A path, made absolute. */
export function path(placeholder: string): Kind<string> {
  return { placeholder, fromText: asItIs, read: (value) => resolve(readText(value)) };
}

/** A list; in the environment its items are separated by blanks. */
export function listOf(item: Kind<string>): Kind<readonly string[]> {
  return {
    placeholder: item.placeholder,
    isList: true,
    fromText: (words) => words.split(/\s+/).filter((word) => word !== ''),
    read: (value) => {
      const isList = Array.isArray(value) && value.length > 0;
      if (!isList || !value.every((one) => typeof one === 'string' && one !== ''))
        throw wrong(value, 'a list of non-empty strings');
      return value.map((one) => item.read(one));
    },
  };
}

/** A whole number from 0. */
export function wholeNumber(placeholder: string, most = Number.MAX_SAFE_INTEGER): Kind<number> {
  const wanted = most === Number.MAX_SAFE_INTEGER ? 'a whole number of at least 0' : `a whole number from 0 to ${most}`;
  return {
    placeholder,
    fromText: (digits) => (/^[0-9]{1,15}$/.test(digits) ? Number(digits) : digits),
    read: (value) => {
      if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most) return Number(value);
      throw wrong(value, wanted);
    },
  };
}

/** Permissions in octal digits, as chmod takes them. */
export function octalMode(placeholder: string): Kind<number> {
  return {
    placeholder,
    fromText: asItIs,
    read: (value) => {
      if (typeof value === 'string' && /^0?[0-7]{3}$/.test(value)) return Number.parseInt(value, 8);
      throw wrong(value, 'an octal number such as "0660"');
    },
  };
}

export function oneOf<W extends string>(placeholder: string, words: readonly W[]): Kind<W> {
  return {
    placeholder,
    fromText: asItIs,
    read: (value) => {
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      throw wrong(value, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`);
    },
  };
}

/** A group of the system by name or number; the value is its number. */
export const group: Kind<number> = {
  placeholder: 'group',
  fromText: asItIs,
  read: (value) => {
    try {
      return groupId(value);
    } catch (cause) {
      throw new ValueError(`: ${(cause as Error).message}`, { cause });
    }
  },
};

/** The members of an object that are there, each of its own kind. */
export type Members<K extends Readonly<Record<string, Kind<unknown>>>> = {
  readonly [N in keyof K]?: K[N] extends Kind<infer T> ? T : never;
};

/** An object of known members. In the environment it is JSON. */
export function object<K extends Readonly<Record<string, Kind<unknown>>>>(kinds: K): Kind<Members<K>> {
  return objectKind((value) => {
    for (const [name, member] of Object.entries(value)) {
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      if (!kind)
        throw new ValueError(` is not known; known are ${Object.keys(kinds).join(', ')}`, { member: `.${name}` });
      try {
        kind.read(member);
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        throw new ValueError(error.message, { member: `.${name}${error.member}`, cause: error });
      }
    }
    return value as Members<K>;
  });
}

/** An object of whole numbers, in which `mistake` may find more that is wrong. In the environment it is JSON. */
export function numbers(
  mistake?: (value: Record<string, unknown>) => string | undefined,
): Kind<Record<string, number>> {
  return objectKind((value) => {
    const found = mistake?.(value);
    if (found !== undefined) throw new ValueError(`: ${found}`);
    if (!Object.values(value).every((one) => Number.isSafeInteger(one) && Number(one) >= 0))
      throw wrong(value, 'an object of whole numbers');
    return value as Record<string, number>;
  });
}

function objectKind<T>(check: (value: Record<string, unknown>) => T): Kind<T> {
  return {
    placeholder: undefined,
    fromText: (json) => {
      try {
        return JSON.parse(json) as unknown;
      } catch {
        return json;
      }
    },
    read: (value) => {
      if (!isObject(value)) throw wrong(value, 'an object');
      return check(value);
    },
  };
}
