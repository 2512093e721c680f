import type { Writable } from 'node:stream';

/** Levels in the order of their weight. */
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LEVELS)[number];

export function isLogLevel(text: string): text is LogLevel {
  return (LEVELS as readonly string[]).includes(text);
}

/** What a line says beside its event: values are written as `key=value`, undefined ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Equal lines of one interface within this time are counted instead of written. */
const REPEAT_WINDOW_MS = 10_000;
/** How many different lines are remembered for that; the oldest is forgotten first. */
const REPEAT_MEMORY = 1000;

interface Repeated {
  since: number;
  leftOut: number;
}

/**
 * One line per event: time, level, `event=…` and the fields. A line that comes again and again (a peer that reconnects
 * once a second for a week) is written once per window and says how many were left out.
 */
export class Log {
  readonly #out: Writable;
  readonly #least: number;
  readonly #now: () => number;
  readonly #recent = new Map<string, Repeated>();

  constructor(out: Writable, level: LogLevel = 'info', now: () => number = Date.now) {
    this.#out = out;
    this.#least = LEVELS.indexOf(level);
    this.#now = now;
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
    if (LEVELS.indexOf(level) < this.#least) return;
    const words = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${quoted(textOf(value))}`);
    const text = [`event=${event}`, ...words].join(' ');
    const leftOut = this.#repeats(`${level} ${text}`);
    if (leftOut === undefined) return;
    const more = leftOut > 0 ? ` repeated=${leftOut}` : '';
    this.#out.write(`${new Date(this.#now()).toISOString()} ${level} ${text}${more}\n`);
  }

  /** How many equal lines were left out before this one; undefined when this one is to be left out too. */
  #repeats(line: string): number | undefined {
    const now = this.#now();
    const seen = this.#recent.get(line);
    if (seen && now - seen.since < REPEAT_WINDOW_MS) {
      seen.leftOut++;
      return undefined;
    }
    this.#recent.delete(line);
    this.#recent.set(line, { since: now, leftOut: 0 });
    const oldest = this.#recent.keys().next();
    if (this.#recent.size > REPEAT_MEMORY && !oldest.done) this.#recent.delete(oldest.value);
    return seen?.leftOut ?? 0;
  }
}

/** An error says what happened and where; an object would say nothing but its kind. */
function textOf(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A value that could be taken for two fields, or that holds control characters, is written as a JSON string. */
function quoted(text: string): string {
  return /^[^\s"=\u0000-\u001f\u007f]+$/.test(text) ? text : JSON.stringify(text);
}
