import type { Json } from './json-value.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
/** No double of a larger magnitude can stand for a 64-bit integer. */
const INT64_REACH = 2 ** 63;

const CODE = { quote: 0x22, backslash: 0x5c, zero: 0x30 } as const;
const WORDS: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/**
 * `JSON.parse`, but an integer of 64 bits that is not a safe integer becomes a `bigint`: 9007199254740993 stays what it is,
 * and so does 9.223372036854775807e18. All other numbers are doubles; one beyond the largest double is refused. Else it
 * accepts exactly the texts that `JSON.parse` accepts, and it is several times slower, so it is for texts with long numbers
 * only. Recursive: whoever calls it has limited the depth of the text (JsonFramer does).
 *
 * @throws SyntaxError
 */
export function parseJson64(text: string): Json {
  const parser = new Parser(text);
  return parser.whole();
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Json {
    const value = this.#value();
    this.#peek();
    if (this.#at !== this.#text.length) throw this.#unexpected();
    return value;
  }

  #value(): Json {
    const next = this.#peek();
    if (next === '{') return this.#object();
    if (next === '[') return this.#array();
    if (next === '"') return this.#string();
    for (const [word, meaning] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return meaning;
      }
    }
    return this.#number();
  }

  #object(): Json {
    const members: [string, Json][] = [];
    this.#items('}', () => {
      if (this.#peek() !== '"') throw this.#unexpected();
      const name = this.#string();
      if (this.#peek() !== ':') throw this.#unexpected();
      this.#at++;
      members.push([name, this.#value()]);
    });
    return Object.fromEntries(members); // makes `__proto__` an ordinary member, as JSON.parse does
  }

  #array(): Json {
    const values: Json[] = [];
    this.#items(']', () => values.push(this.#value()));
    return values;
  }

  /** What stands between an opening bracket, which is the next character, and its closing one. */
  #items(close: string, readItem: () => void): void {
    this.#at++;
    if (this.#peek() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      readItem();
      const next = this.#peek();
      if (next !== close && next !== ',') throw this.#unexpected();
      this.#at++;
      if (next === close) return;
    }
  }

  /** Finds the closing quote and leaves escapes and forbidden characters to JSON.parse. */
  #string(): string {
    const start = this.#at;
    for (let i = start + 1; i < this.#text.length; i++) {
      const code = this.#text.charCodeAt(i);
      if (code === CODE.backslash) i++;
      else if (code === CODE.quote) {
        this.#at = i + 1;
        return JSON.parse(this.#text.slice(start, this.#at)) as string;
      }
    }
    this.#at = this.#text.length;
    throw this.#unexpected();
  }

  #number(): number | bigint {
    const pattern = /(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([-+]?\d+))?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) throw this.#unexpected();
    this.#at = pattern.lastIndex;
    const double = Number(match[0]);
    if (!Number.isFinite(double)) throw new SyntaxError(`Number outside of the valid range: ${match[0].slice(0, 40)}`);
    if (Math.abs(double) <= Number.MAX_SAFE_INTEGER || Math.abs(double) > INT64_REACH) return double;
    const exact = exactInteger(`${match[2]}${match[3] ?? ''}`, Number(match[4] ?? 0) - (match[3] ?? '').length);
    const signed = match[1] === '-' ? -exact : exact;
    return exact === 0n || signed < INT64_MIN || signed > INT64_MAX ? double : signed;
  }

  /** The next character that is not white space; undefined at the end. */
  #peek(): string | undefined {
    for (;;) {
      const next = this.#text[this.#at];
      if (next !== ' ' && next !== '\n' && next !== '\r' && next !== '\t') return next;
      this.#at++;
    }
  }

  #unexpected(): SyntaxError {
    const seen = this.#text[this.#at];
    return new SyntaxError(
      seen === undefined
        ? 'Unexpected end of JSON input'
        : `Unexpected token ${JSON.stringify(seen)} in JSON at position ${this.#at}`,
    );
  }
}

/**
 * digits * 10^scale, or 0n when that is not an integer. The caller has made sure that the value lies near 2^63 at most, so
 * without its outer zeros an integer has no more than 19 digits, however long the text is.
 */
function exactInteger(digits: string, scale: number): bigint {
  let first = 0;
  let end = digits.length;
  while (digits.charCodeAt(first) === CODE.zero) first++;
  while (end > first && digits.charCodeAt(end - 1) === CODE.zero) end--;
  const power = scale + digits.length - end;
  return power < 0 ? 0n : BigInt(digits.slice(first, end)) * 10n ** BigInt(power);
}
