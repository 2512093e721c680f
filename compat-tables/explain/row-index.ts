/**
 * Which rows a line may belong to. There are hundreds of patterns and a log has a hundred thousand lines: each row is filed
 * under words that every line of its kind holds, and only the rows of the words in a line are tried.
 */
import type { MessageRow } from './messages/message-row.ts';

/** So common that filing a row under them would not save anything. */
const COMMON = new Set(
  'vhost user vhost_user vhost_config virtio failed fail error device invalid message msg read request socket the not for and with from vring memory queue features index qemu backend end migration state region unable cannot has been is in of to'.split(
    ' ',
  ),
);

const WORD = /\w+/g;
/** Shorter words stand in every other line. */
const SHORTEST_WORD = 3;

export class RowIndex {
  readonly #byWord = new Map<string, MessageRow[]>();
  /** Rows of which no word is certain. */
  readonly #always: MessageRow[] = [];
  readonly #order = new Map<MessageRow, number>();
  /** Each line is looked at twice: by itself, and as the rest of the one before. */
  #lastLine: string | undefined;
  #lastRows: readonly MessageRow[] = [];

  constructor(rows: readonly MessageRow[]) {
    for (const [order, row] of rows.entries()) {
      this.#order.set(row, order);
      const words = certainWords(row.pattern.source);
      if (words === undefined) this.#always.push(row);
      else for (const word of words) this.#byWord.set(word, [...(this.#byWord.get(word) ?? []), row]);
    }
  }

  /** The rows that may know a line with any of these words, in the order of the rows. */
  rowsFor(line: string): readonly MessageRow[] {
    if (line === this.#lastLine) return this.#lastRows;
    let found: Set<MessageRow> | undefined;
    const text = line.toLowerCase();
    for (let at = 0, from = 0; at <= text.length; at += 1) {
      if (isWordCharacter(text.charCodeAt(at))) continue;
      const rows = at - from < SHORTEST_WORD ? undefined : this.#byWord.get(text.slice(from, at));
      from = at + 1;
      if (rows === undefined) continue;
      found ??= new Set(this.#always);
      for (const row of rows) found.add(row);
    }
    this.#lastLine = line;
    this.#lastRows =
      found === undefined
        ? this.#always
        : [...found].sort((a, b) => (this.#order.get(a) ?? 0) - (this.#order.get(b) ?? 0));
    return this.#lastRows;
  }
}

/** A letter in lower case, a digit or `_`: what `\w` matches; not so beyond the end of the text. */
function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95;
}

/** A part of a pattern: text that is matched as it stands, a group, or anything else. */
type Part = string | Group | undefined;

interface Group {
  readonly alternatives: readonly (readonly Part[])[];
  readonly optional: boolean;
}

/**
 * Words of which each match of the pattern holds at least one, in lower case; undefined: none is certain. Only whole words
 * count: those at the edge of a literal may go on in the text. A pattern begins where a word does.
 */
export function certainWords(source: string): readonly string[] | undefined {
  return ofAlternatives(new PatternReader(source).alternatives(), true, false);
}

/** `begins`: what is matched begins where a word may begin; `ends`: it ends where a word may end. */
function ofAlternatives(
  alternatives: Group['alternatives'],
  begins: boolean,
  ends: boolean,
): readonly string[] | undefined {
  const words = alternatives.map((parts) => ofSequence(parts, begins, ends));
  return words.some((one) => one === undefined) ? undefined : [...new Set(words.flatMap((one) => one ?? []))];
}

function ofSequence(parts: readonly Part[], begins: boolean, ends: boolean): readonly string[] | undefined {
  let edge = begins;
  const sets: (readonly string[])[] = [];
  for (const [index, part] of parts.entries()) {
    const closed = index === parts.length - 1 ? ends : beginsWithEdge(parts[index + 1]);
    if (typeof part === 'string') {
      sets.push(...wholeWords(`${edge ? ' ' : ''}${part}${closed ? ' ' : ''}`).map((word) => [word]));
    } else if (part !== undefined && !part.optional) {
      const words = ofAlternatives(part.alternatives, edge, closed);
      if (words !== undefined) sets.push(words);
    }
    const optional = typeof part === 'object' && part.optional;
    edge = endsWithEdge(part) && (!optional || edge);
  }
  return sets.toSorted((a, b) => worth(b) - worth(a))[0];
}

function endsWithEdge(part: Part): boolean {
  if (typeof part === 'string') return /\W$/.test(part);
  return part?.alternatives.every((parts) => endsWithEdge(parts.at(-1))) === true;
}

function beginsWithEdge(part: Part): boolean {
  if (typeof part === 'string') return /^\W/.test(part);
  return part?.optional === false && part.alternatives.every(([first]) => beginsWithEdge(first));
}

/** Rare words first: long ones, and few. */
function worth(words: readonly string[]): number {
  const rarest = Math.min(...words.map((word) => (COMMON.has(word) ? 1 : word.length)));
  return rarest - words.length / 8;
}

function wholeWords(literal: string): string[] {
  return [...literal.toLowerCase().matchAll(WORD)]
    .filter(({ index, 0: word }) => word.length >= SHORTEST_WORD && index > 0 && index + word.length < literal.length)
    .map(([word]) => word);
}

/** A part that takes no room. */
const NOTHING = Symbol('nothing');

/** Reads as much of a pattern as is needed to find its literals; what it does not understand is no literal. */
class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  alternatives(): Part[][] {
    const found: Part[][] = [[]];
    let literal = '';
    const end = (part?: Group | 'anything'): void => {
      if (literal !== '') found.at(-1)?.push(literal);
      literal = '';
      if (part !== undefined) found.at(-1)?.push(part === 'anything' ? undefined : part);
    };
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      const token = this.#token();
      const times = this.#quantifier();
      if (token === '|') {
        end();
        found.push([]);
      } else if (typeof token === 'string' && times === 'once') literal += token;
      else if (typeof token === 'object') end({ alternatives: token, optional: times === 'optional' });
      else if (token !== NOTHING) end('anything');
    }
    end();
    return found;
  }

  /** A character, a group, or undefined for anything else. */
  #token(): string | Part[][] | typeof NOTHING | undefined {
    const next = this.#source[this.#at] ?? '';
    this.#at += 1;
    if (next === '(') return this.#group();
    if (next === '[') return this.#class();
    if (next === '\\') return this.#escape();
    // an edge of the line is an edge of a word
    if (next === '^' || next === '$') return ' ';
    return next === '.' ? undefined : next;
  }

  #group(): Part[][] | typeof NOTHING {
    const kind = /^\?(?:[:!=]|<[!=]|<\w+>)/.exec(this.#source.slice(this.#at))?.[0] ?? '';
    this.#at += kind.length;
    const inner = this.alternatives();
    this.#at += 1;
    return /^\?<?[!=]$/.test(kind) ? NOTHING : inner;
  }

  /** The letter of a class such as `[Ff]`: words are compared in lower case. */
  #class(): string | undefined {
    const from = this.#at;
    while (this.#at < this.#source.length && this.#source[this.#at] !== ']') {
      this.#at += this.#source[this.#at] === '\\' ? 2 : 1;
    }
    const inner = this.#source.slice(from, this.#at);
    this.#at += 1;
    return /^[A-Z][a-z]$/.test(inner) && inner[0]?.toLowerCase() === inner[1] ? inner[1] : undefined;
  }

  #escape(): string | undefined {
    const next = this.#source[this.#at] ?? '';
    this.#at += 1;
    if (next === 'b') return ' ';
    return /[a-z\d]/i.test(next) ? undefined : next;
  }

  #quantifier(): 'once' | 'often' | 'optional' {
    const found = /^(?:[?*+]|\{\d+(?:,\d*)?\})\??/.exec(this.#source.slice(this.#at))?.[0];
    if (found === undefined) return 'once';
    this.#at += found.length;
    return /^(?:[?*]|\{0)/.test(found) ? 'optional' : 'often';
  }
}
