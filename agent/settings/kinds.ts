import { resolve } from 'node:path';
import type { SocketDirectory } from '../../base/socket-directories.ts';
import { groupId, type SystemUser, userId } from '../../base/system-ids.ts';

/** The kinds of values that a setting can have: how each is written and read. */
export interface Kind<T> {
  /** Stands for the value in help texts (`dir`); undefined: the value is an object, and no flag takes it. */
  readonly placeholder: string | undefined;
  /** Whether the value is a list, and its flag may be repeated. */
  readonly isList?: boolean;
  /** What a flag or a variable says, in the form that a configuration file has. Throws ValueError. */
  fromText(text: string): unknown;
  /** The value from the form that a configuration file has. Throws ValueError. */
  read(value: unknown): T;
}

/** A value that cannot be used. The message follows the name of the setting, or of one of its members: `: saw 5; wanted …`. */
export class ValueError extends Error {
  /** `.like`; empty for the setting itself. */
  readonly member: string;

  constructor(message: string, member = '', cause?: Error) {
    super(message, { cause });
    this.member = member;
  }
}

function wrong(value: unknown, wanted: string): ValueError {
  return new ValueError(`: saw ${JSON.stringify(value)?.slice(0, 80)}; wanted ${wanted}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw wrong(value, 'a non-empty string');
}

function textual<T>(placeholder: string, read: (value: unknown) => T): Kind<T> {
  return { placeholder, fromText: (text) => text, read };
}

export const text = (placeholder: string): Kind<string> => textual(placeholder, readText);

/** A path, made absolute. */
export const path = (placeholder: string): Kind<string> => textual(placeholder, (value) => resolve(readText(value)));

export interface ConfiguredSocketDirectory extends SocketDirectory {
  /** Only where an earlier release shared the run directory, which this is, with guests. */
  readonly onlyIfShared?: true;
}

/** A directory of sockets, with the group of the sockets that are made there: `DIR` or `DIR=GROUP`. */
export const socketDirectory: Kind<ConfiguredSocketDirectory> = textual('dir[=group]', (value) => {
  const [, dir, name] = /^(.*?)(?:=([^=/]+))?$/s.exec(readText(value)) ?? [];
  if (dir === undefined || dir === '') throw wrong(value, 'DIR or DIR=GROUP');
  return { path: resolve(dir), group: name === undefined ? undefined : group.read(name) };
});

/** A list; in the environment its items are separated by blanks. */
export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    placeholder: item.placeholder,
    isList: true,
    fromText: (words) => words.split(/\s+/).filter((word) => word !== ''),
    read: (value) => {
      const isList = Array.isArray(value) && value.length > 0;
      if (isList && value.every((one) => typeof one === 'string' && one !== '')) return value.map(item.read);
      throw wrong(value, 'a list of non-empty strings');
    },
  };
}

/** A whole number from 0. */
export function wholeNumber(placeholder: string, most = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? 'of at least 0' : `from 0 to ${most}`;
  return {
    placeholder,
    fromText: (digits) => (/^[0-9]{1,15}$/.test(digits) ? Number(digits) : digits),
    read: (value) => {
      if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most) return Number(value);
      throw wrong(value, `a whole number ${range}`);
    },
  };
}

/** Permissions in octal digits, as chmod takes them. */
export const octalMode = textual('mode', (value) => {
  if (typeof value === 'string' && /^0?[0-7]{3}$/.test(value)) return Number.parseInt(value, 8);
  throw wrong(value, 'an octal number such as "0660"');
});

export function oneOf<W extends string>(placeholder: string, words: readonly W[]): Kind<W> {
  return textual(placeholder, (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw wrong(value, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`);
  });
}

/** A value that `find` finds or refuses with an Error: `saw …; wanted …`. */
function found<T>(placeholder: string, find: (value: unknown) => T): Kind<T> {
  return textual(placeholder, (value) => {
    try {
      return find(value);
    } catch (cause) {
      throw new ValueError(`: ${(cause as Error).message}`, '', cause as Error);
    }
  });
}

/** A group of the system by name or number; the value is its number. */
export const group: Kind<number> = found('group', groupId);

/** A user of the system by name or number. */
export const user: Kind<SystemUser> = found('user', userId);

/** An object, made by `make`; in the environment it is JSON. */
export function object<T>(make: (value: Record<string, unknown>) => T): Kind<T> {
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
      if (isObject(value)) return make(value);
      throw wrong(value, 'an object');
    },
  };
}

/** An object of whole numbers. */
export const numbers = object((value) => {
  if (Object.values(value).every((one) => Number.isSafeInteger(one) && Number(one) >= 0))
    return value as Record<string, number>;
  throw wrong(value, 'an object of whole numbers');
});
