/**
 * JSON (RFC 8259) that remembers the line of every value, so that a complaint about a table file can point at it.
 * `JSON.parse` tells no positions of what is well-formed, and it lets a doubled member win in silence.
 */

import { isWholeText } from '../../base/text.ts';

export type JsonNode = { readonly line: number } & (
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsonMember> }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
);

export interface JsonMember {
  /** The line of the name, which is the better place to point at when the member itself is wrong. */
  readonly line: number;
  readonly value: JsonNode;
}

/** The fault of a text and its line (1 = the first). */
export class JsonSourceError extends Error {
  override readonly name = 'JsonSourceError';
  readonly line: number;
  readonly wanted: string;

  constructor(line: number, seen: string, wanted: string) {
    super(seen);
    this.line = line;
    this.wanted = wanted;
  }
}

/** Deeper than any table; a limit, so that no text can exhaust the stack. */
const MAX_DEPTH = 16;
const LITERALS = { true: true, false: false, null: null } as const;

/** Reads one JSON text; throws JsonSourceError. */
export function parseJsonSource(text: string): JsonNode {
  return new Reader(text).document();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonNode {
    const node = this.#value(0);
    if (this.#peek() !== '') throw this.#unexpected('the end of the file');
    return node;
  }

  #value(depth: number): JsonNode {
    const first = this.#peek();
    const line = this.#line;
    if (depth > MAX_DEPTH) throw new JsonSourceError(line, 'values nested too deeply', `at most ${MAX_DEPTH} levels`);
    if (first === '{') return { line, kind: 'object', members: this.#members(depth) };
    if (first === '[') return { line, kind: 'array', items: this.#items(depth) };
    if (first === '"') return { line, kind: 'string', value: this.#string() };
    const word = this.#match(/[a-z]+/y);
    if (word !== undefined && Object.hasOwn(LITERALS, word)) {
      const value = LITERALS[word as keyof typeof LITERALS];
      return value === null ? { line, kind: 'null' } : { line, kind: 'boolean', value };
    }
    this.#at -= word?.length ?? 0;
    const number = this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y);
    if (number === undefined) throw this.#unexpected('a value');
    return { line, kind: 'number', value: Number(number) };
  }

  #members(depth: number): Map<string, JsonMember> {
    const members = new Map<string, JsonMember>();
    this.#list('}', () => {
      if (this.#peek() !== '"') throw this.#unexpected('a member name in quotes');
      const line = this.#line;
      const name = this.#string();
      const earlier = members.get(name);
      if (earlier !== undefined)
        throw new JsonSourceError(line, `member "${name}" stands here and in line ${earlier.line}`, 'each member once');
      if (this.#peek() !== ':') throw this.#unexpected('":"');
      this.#at += 1;
      members.set(name, { line, value: this.#value(depth + 1) });
    });
    return members;
  }

  #items(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.#list(']', () => items.push(this.#value(depth + 1)));
    return items;
  }

  /** From the opening bracket, at which we stand, past the closing one. */
  #list(close: string, element: () => void): void {
    this.#at += 1;
    if (this.#peek() !== close) {
      element();
      while (this.#peek() === ',') {
        this.#at += 1;
        element();
      }
    }
    if (this.#peek() !== close) throw this.#unexpected(`"," or "${close}"`);
    this.#at += 1;
  }

  #string(): string {
    // A string holds no raw line break, so that it cannot move the line count.
    const raw = this.#match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y);
    if (raw === undefined)
      throw new JsonSourceError(this.#line, 'a string that is not closed or not valid', 'a string');
    const text = JSON.parse(raw) as string;
    if (isWholeText(text)) return text;
    throw new JsonSourceError(this.#line, 'a string that holds U+0000 or half of a surrogate pair', 'whole characters');
  }

  /** The next character that is not white space, without taking it; empty at the end. */
  #peek(): string {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === '\n') this.#line += 1;
      else if (char !== ' ' && char !== '\t' && char !== '\r') return char ?? '';
      this.#at += 1;
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #unexpected(wanted: string): JsonSourceError {
    const char = this.#peek();
    return new JsonSourceError(this.#line, char === '' ? 'the end of the file' : `unexpected "${char}"`, wanted);
  }
}
