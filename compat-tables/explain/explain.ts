/** Text of logs and error messages in, what the known lines mean out. */

import type { Entry } from '../entries/entry.ts';
import { isErrorCode } from '../errors/catalogue.ts';
import {
  type Device,
  deviceNamed,
  deviceNear,
  deviceSign,
  guessDevice,
  LINES_AFTER,
  LINES_BEFORE,
  likelyDevice,
  saidDevice,
} from './device.ts';
import { explainCode } from './explain-code.ts';
import { explainMessage, readMask } from './explain-message.ts';
import type { Explanation, LineExplanation } from './explanation.ts';
import { type Level, levelOf } from './levels.ts';
import { LinesOfText } from './lines-of-text.ts';
import type { MessageRow, Tells } from './messages/message-row.ts';
import { MESSAGES } from './messages/messages.ts';
import { RowIndex } from './row-index.ts';
import { joinedPair, type Place } from './wrapped-lines.ts';

/** A line with a mask begins another event: a device that is named beyond it belongs to that. */
const MASK_LINE = /Features 0x[\da-f]+ unsupported|vhost lacks feature mask|\b0x[\da-f]{4,}\b.*\b0x[\da-f]{4,}\b/i;

const OUR_CODE = /\bVC-[A-Z]+(?:-[A-Z]+)*\b/g;

/** The groups whose bits are read in the names of a device. */
const MASK_GROUPS = ['features', 'missing', 'negotiated', 'other'];

/** A cause and what came of it stand no further apart. */
const SAME_STORY = 40;
/** More than this is no story that anybody reads; later ones are counted. */
const MOST_EXPLANATIONS = 2000;
const MOST_UNKNOWN = 200;

const ROWS = new RowIndex(MESSAGES);

export interface UnknownLine {
  readonly line: number;
  readonly level: Level;
  readonly text: string;
}

export interface Explained {
  /** In the order of the text. */
  readonly explanations: readonly Explanation[];
  /** Lines of level ERR and WARN that nothing is known of; the first of them. */
  readonly unknown: readonly UnknownLine[];
  /** How many there are in all. */
  readonly unknownCount: number;
}

/**
 * Explains every known line, in the order of the text; lines that say the same as an earlier one are counted there.
 * @internal Tests have whole texts.
 */
export function explain(text: string, entries: readonly Entry[]): readonly Explanation[] {
  const reader = new Explainer(entries);
  reader.add(text);
  return reader.end().explanations;
}

/** What was found in a line, until the whole text is read: any line of it may name the device. */
interface Found {
  readonly place: Place;
  readonly tells: Tells;
  readonly explain: (told: Device | undefined) => LineExplanation;
  /** The device that the lines around it name. */
  readonly near: Device | undefined;
  /** It is about a guest that arrives, with a device of its own. */
  readonly arrives: boolean;
  count: number;
  causeLine: number | undefined;
}

/** Reads a text in chunks. `entries`: the versions that may be recommended. */
export class Explainer {
  readonly #entries: readonly Entry[];
  readonly #lines = new LinesOfText((place) => this.#take(place));
  /** The lines around the one that is looked at; it stands at `#at`. */
  #window: Place[] = [];
  #at = 0;
  readonly #found = new Map<string, Found>();
  readonly #unknown: UnknownLine[] = [];
  #unknownCount = 0;
  /** The lines that name each device type, those of them that belong to a refused guest, and the types that lines are signs of. */
  readonly #named = new Map<string, Set<number>>();
  readonly #claimed = new Set<number>();
  readonly #signs = new Set<string>();
  #lastCause: number | undefined;
  /** Symptoms whose cause may still follow. */
  #waiting: Found[] = [];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** Takes the next piece of the text; it may end anywhere. */
  add(chunk: string): void {
    this.#lines.add(chunk);
  }

  end(): Explained {
    this.#lines.end();
    while (this.#at < this.#window.length) this.#look();
    const explanations = [...this.#found.values()].map((found) => this.#explanation(found));
    return { explanations, unknown: this.#unknown, unknownCount: this.#unknownCount };
  }

  #take(place: Place): void {
    this.#window.push(place);
    while (this.#window.length - this.#at > LINES_AFTER) this.#look();
  }

  #look(): void {
    const place = this.#window[this.#at];
    if (place !== undefined) this.#line(place);
    this.#at += 1;
    if (this.#at > LINES_BEFORE) {
      this.#window.shift();
      this.#at -= 1;
    }
  }

  #line(place: Place): void {
    const { line } = place;
    if (line === '') return;
    const named = deviceNamed(line);
    if (named !== undefined) this.#name(named, place.number);
    else {
      const sign = deviceSign(line);
      if (sign !== undefined) this.#signs.add(sign);
    }
    const known = this.#rows(place);
    if (this.#codes(place) || known) return;
    const level = levelOf(line);
    if (level === undefined) return;
    this.#unknownCount += 1;
    if (this.#unknown.length < MOST_UNKNOWN) this.#unknown.push({ line: place.number, level, text: line });
  }

  /** Whether a row knows the line. */
  #rows(place: Place): boolean {
    const { line } = place;
    const rows = ROWS.rowsFor(line);
    let known = false;
    for (const row of rows) if (row.fallback !== true && this.#read(row, row.pattern.exec(line), place)) known = true;
    const pairs = joinedPair(line, this.#window[this.#at + 1]?.line);
    if (pairs.length > 0) known = this.#broken(place, rows, pairs) || known;
    if (known || /\bVC-/.test(line)) return known;
    return rows.some((row) => row.fallback === true && this.#read(row, row.pattern.exec(line), place));
  }

  /** Whether a row knows the line together with the next, across the break, and not without it. */
  #broken(place: Place, rows: readonly MessageRow[], pairs: readonly string[]): boolean {
    const next = this.#window[this.#at + 1]?.line ?? '';
    let known = false;
    for (const row of new Set([...rows, ...ROWS.rowsFor(next)])) {
      if (row.fallback === true || row.pattern.test(place.line) || row.pattern.test(next)) continue;
      for (const text of pairs) {
        const match = row.pattern.exec(text);
        const across =
          match !== null && match.index < place.line.length && match.index + match[0].length > place.line.length + 1;
        if (!across || !this.#read(row, match, { ...place, line: text })) continue;
        known = true;
        break;
      }
    }
    return known;
  }

  #read(row: MessageRow, match: RegExpExecArray | null, place: Place): boolean {
    if (match === null) return false;
    if (row.tells === 'course' && row.loud !== true && levelOf(place.line) !== undefined) return false;
    const groups = { ...match.groups };
    const hasMask = MASK_GROUPS.some((name) => groups[name] !== undefined);
    const near = hasMask && row.device === undefined ? this.#near('features' in groups) : undefined;
    const device = row.device === undefined ? near : saidDevice(row.device);
    if (row.holds?.(groups, device ?? guessDevice(readMask(groups['features']))) === false) return false;
    this.#add(`${row.id} ${device?.type} ${JSON.stringify(groups)}`, {
      ...{
        place,
        tells: row.tells ?? 'cause',
        near: device,
        arrives: 'features' in groups,
        count: 1,
        causeLine: undefined,
      },
      explain: (told) => explainMessage(row, groups, told, this.#entries),
    });
    return true;
  }

  /** Whether the line has one of our codes. */
  #codes(place: Place): boolean {
    const codes = [...new Set(place.line.match(OUR_CODE))].filter(isErrorCode);
    for (const code of codes)
      this.#add(`${code} ${place.line}`, {
        ...{ place, tells: 'cause', near: undefined, arrives: false, count: 1, causeLine: undefined },
        explain: () => explainCode(code, place.line, this.#entries),
      });
    return codes.length > 0;
  }

  #add(key: string, found: Found): void {
    const earlier = this.#found.get(key);
    if (earlier !== undefined) earlier.count += 1;
    else if (this.#found.size < MOST_EXPLANATIONS) this.#found.set(key, found);
    const { number } = found.place;
    if (found.tells === 'cause') {
      this.#lastCause = number;
      for (const one of this.#waiting) if (number - one.place.number <= SAME_STORY) one.causeLine = number;
      this.#waiting = [];
    } else if (found.tells === 'symptom' && earlier === undefined) {
      if (this.#lastCause !== undefined && number - this.#lastCause <= SAME_STORY) found.causeLine = this.#lastCause;
      else this.#waiting = [...this.#waiting.filter((one) => number - one.place.number <= SAME_STORY), found];
    }
  }

  /** The device that the lines around name. `arrives`: they are about this guest and no other. */
  #near(arrives: boolean): Device | undefined {
    const lines = this.#window.map(({ line }) => line);
    const near = deviceNear(lines, this.#at, (text) => MASK_LINE.test(text));
    const number = near === undefined ? undefined : this.#window[near.at]?.number;
    if (arrives && number !== undefined && this.#claimed.size < MOST_EXPLANATIONS) this.#claimed.add(number);
    return near?.device;
  }

  #name(type: string, line: number): void {
    const lines = this.#named.get(type) ?? new Set();
    if (lines.size < MOST_EXPLANATIONS) this.#named.set(type, lines.add(line));
  }

  #explanation({ place, near, arrives, count, causeLine, explain: read }: Found): Explanation {
    const one = read(near ?? this.#told(arrives));
    const said = { ...one, line: place.number, count, text: place.line, causeLine };
    return causeLine === undefined ? said : { ...said, culprits: [], remedies: [] };
  }

  /** The one device that the text names, or the one that it has signs of. A line about one guest names no other's device. */
  #told(arrives: boolean): Device | undefined {
    const named = [...this.#named].filter(
      ([, lines]) => !arrives || [...lines].some((line) => !this.#claimed.has(line)),
    );
    const [type, other] = named.map(([one]) => one);
    if (type !== undefined) return other === undefined ? saidDevice(type) : undefined;
    const [sign, another] = this.#signs;
    return sign === undefined || another !== undefined ? undefined : likelyDevice(sign);
  }
}
