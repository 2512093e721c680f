import type { Writable } from 'node:stream';

/** The levels, the least urgent first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The fields of a line, written as `key=value`; undefined ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Equal lines of one interface within this time are counted instead of written. */
const REPEAT_WINDOW_MS = 10_000;
/** A line that alternates with other lines of its interface is written this many times within that time. */
const TURNS = 3;
/** The number of different lines that are remembered for that; the oldest is forgotten first. */
const REPEAT_MEMORY = 1000;

interface Repeated {
  readonly level: LogLevel;
  readonly text: string;
  since: number;
  written: number;
  leftOut: number;
}

/** The lines of one interface, or of everything that is about none. */
interface Subject {
  last: Repeated | undefined;
  /** Lines that were left out, in the order of their last occurrence. */
  readonly held: Set<Repeated>;
}

/** Calls back once, after this many milliseconds. */
export type Later = (call: () => void, ms: number) => void;

const unrefTimer: Later = (call, ms) => void setTimeout(call, ms).unref();

/**
 * Writes one line for each event: time, level, `event=…` and the fields. A line that repeats (a peer that reconnects once a
 * second for a week) is written once per window, with the number of repetitions that were left out. These are written before
 * the next line of the same interface, and when the window ends, so that the last line about an interface is true.
 */
export class Log {
  readonly #out: Writable;
  readonly #least: number;
  readonly #now: () => number;
  readonly #later: Later;
  readonly #recent = new Map<string, Repeated>();
  readonly #subjects = new Map<string, Subject>();
  #waiting = false;

  constructor(
    out: Writable,
    level: LogLevel = 'info',
    { now = Date.now, later = unrefTimer }: { readonly now?: () => number; readonly later?: Later } = {},
  ) {
    this.#out = out;
    this.#least = LOG_LEVELS.indexOf(level);
    this.#now = now;
    this.#later = later;
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#write('debug', event, fields);
  }

  info(event: string, fields: LogFields = {}): void {
    this.#write('info', event, fields);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#write('warn', event, fields);
  }

  error(event: string, fields: LogFields = {}): void {
    this.#write('error', event, fields);
  }

  #write(level: LogLevel, event: string, fields: LogFields): void {
    if (LOG_LEVELS.indexOf(level) < this.#least) return;
    const words = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${quoted(textOf(value))}`);
    const line = this.#line(level, [`event=${event}`, ...words].join(' '));
    const subject = this.#subject(textOf(fields['interface'] ?? ''));
    const again = subject.last === line;
    subject.last = line;
    subject.held.delete(line);
    if (this.#now() - line.since < REPEAT_WINDOW_MS) {
      if (line.written > 0 && (again || line.written >= TURNS)) {
        this.#hold(subject, line);
        return;
      }
      line.written++;
    } else {
      line.since = this.#now();
      line.written = line.leftOut > 0 ? TURNS : 1;
    }
    this.#tell(subject);
    this.#put(line);
  }

  #line(level: LogLevel, text: string): Repeated {
    const key = `${level} ${text}`;
    const known = this.#recent.get(key);
    if (known) return known;
    return remember(this.#recent, key, { level, text, since: this.#now(), written: 0, leftOut: 0 });
  }

  #subject(name: string): Subject {
    return this.#subjects.get(name) ?? remember(this.#subjects, name, { last: undefined, held: new Set() });
  }

  #hold(subject: Subject, line: Repeated): void {
    line.leftOut++;
    subject.held.add(line);
    if (this.#waiting) return;
    this.#waiting = true;
    this.#later(() => {
      this.#waiting = false;
      for (const one of this.#subjects.values()) this.#tell(one);
    }, REPEAT_WINDOW_MS);
  }

  /** Writes the lines that were left out; their next window begins. */
  #tell(subject: Subject): void {
    for (const line of subject.held) {
      line.since = this.#now();
      line.written = TURNS;
      this.#put(line);
    }
    subject.held.clear();
  }

  #put(line: Repeated): void {
    const more = line.leftOut > 0 ? ` repeated=${line.leftOut}` : '';
    line.leftOut = 0;
    this.#out.write(`${new Date(this.#now()).toISOString()} ${line.level} ${line.text}${more}\n`);
  }
}

function remember<T>(memory: Map<string, T>, key: string, value: T): T {
  memory.set(key, value);
  const oldest = memory.keys().next();
  if (memory.size > REPEAT_MEMORY && !oldest.done) memory.delete(oldest.value);
  return value;
}

/** A field as text: an error with its stack, an object as JSON. */
function textOf(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A value that could be taken for two fields, or that holds control characters, is written as a JSON string. */
function quoted(text: string): string {
  return /^[^\s"=\u0000-\u001f\u007f]+$/.test(text) ? text : JSON.stringify(text);
}
