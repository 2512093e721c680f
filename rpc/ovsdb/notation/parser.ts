import { isJsonObject, type Json, type JsonObject } from '../../json/json-value.ts';
import { toInteger } from './atoms.ts';
import { type OvsdbError, syntaxError } from './ovsdb-error.ts';
import { compareText, isId } from './ovsdb-text.ts';

interface MemberTypes {
  id: string;
  string: string;
  boolean: boolean;
  integer: number | bigint;
  number: number | bigint;
  array: Json[];
  object: JsonObject;
  any: Json;
}
export type MemberType = keyof MemberTypes;

const ACCEPTS: { readonly [T in MemberType]: (value: Json) => boolean } = {
  id: (value) => typeof value === 'string' && isId(value),
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => toInteger(value) !== undefined,
  number: (value) => typeof value === 'number' || typeof value === 'bigint',
  array: (value) => Array.isArray(value),
  object: isJsonObject,
  any: () => true,
};

/** Reads the members of an object; those still unread at `finish` are an error. All texts are ovsdb-server's. */
export class MemberParser {
  /** The value to parse; undefined if it is no object. */
  readonly json: JsonObject | undefined;
  readonly #what: string;
  readonly #used = new Set<string>();
  #failed = false;

  /** `what` completes "Parsing … failed". */
  constructor(json: Json | undefined, what: string) {
    this.#what = what;
    this.json = isJsonObject(json) ? json : undefined;
  }

  /** @throws OvsdbError if the member is absent or of another type */
  required<T extends MemberType>(name: string, ...types: T[]): MemberTypes[T] {
    const value = this.optional(name, ...types);
    if (value === undefined) throw this.error(`Required '${name}' member is missing.`);
    return value;
  }

  /** @throws OvsdbError if the member is there and of another type */
  optional<T extends MemberType>(name: string, ...types: T[]): MemberTypes[T] | undefined {
    if (this.json === undefined) throw this.error('Object expected.');
    if (!Object.hasOwn(this.json, name)) return undefined;
    const value = this.json[name] as Json;
    if (!types.some((type) => ACCEPTS[type](value))) throw this.error(`Type mismatch for member '${name}'.`);
    this.#used.add(name);
    return value as MemberTypes[T];
  }

  /** The first error of a parse hides all others, `finish` included. */
  error(message: string): OvsdbError {
    this.#failed = true;
    return syntaxError(this.json, `Parsing ${this.#what} failed: ${message}`);
  }

  /** @throws OvsdbError if the object has a member that was not read */
  finish(): void {
    if (this.#failed) return;
    if (this.json === undefined) throw this.error('Object expected.');
    const names = Object.keys(this.json);
    if (names.length === this.#used.size) return;
    const unread = names.filter((name) => !this.#used.has(name)).sort(compareText);
    const others = unread.length - 1;
    throw this.error(
      others === 0
        ? `Member '${unread[0]}' is present but not allowed here.`
        : `Member '${unread[0]}' and ${others} other member${others > 1 ? 's' : ''} are present but not allowed here.`,
    );
  }
}
