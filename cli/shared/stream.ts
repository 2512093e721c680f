import { EXIT, type Exit } from '../../compat-tables/errors/exit-status.ts';
import { columnIndex } from './columns.ts';
import type { Input } from './command.ts';
import { UsageError } from './command-errors.ts';
import type { Context } from './context.ts';
import { type Cell, lineText } from './formats.ts';
import { outputLook } from './terminal.ts';
import { wrapLine } from './text-width.ts';

/** A column of a table that grows: its width is chosen before the first line is known. */
export interface StreamColumn<T> {
  readonly name: string;
  readonly width: number;
  cell(item: T): Cell;
}

/** Prints items as they come: one line each, for people in columns, for programs an object of JSON. */
export class Stream<T> {
  readonly #context: Context;
  readonly #columns: readonly StreamColumn<T>[];
  readonly #json: (item: T) => object;

  /** Throws UsageError for formats that only a whole table can have. */
  constructor(context: Context, columns: readonly StreamColumn<T>[], json: (item: T) => object) {
    const { format, columns: wanted } = context.options;
    if (format !== 'table' && format !== 'json')
      throw new UsageError(`Cannot print ${format} line by line: wanted --format table or json`);
    if (format === 'json' && wanted !== undefined)
      throw new UsageError('Cannot use --columns with --format json here: each line is a whole object');
    this.#context = context;
    const names = columns.map(({ name }) => name);
    this.#columns = wanted === undefined ? columns : wanted.flatMap((name) => columns[columnIndex(names, name)] ?? []);
    this.#json = json;
  }

  begin(): void {
    const { format, headings } = this.#context.options;
    if (format === 'table' && headings)
      this.#line(this.#columns.map(({ name }) => name.toUpperCase().replaceAll('_', '-')));
  }

  put(item: T): void {
    if (this.#context.options.format === 'json') this.object(this.#json(item));
    else this.#line(this.#columns.map((column) => lineText(column.cell(item))));
  }

  /** A line of JSON beside the items. */
  object(value: object): void {
    this.#context.io.stdout(`${JSON.stringify(value)}\n`);
  }

  #line(cells: readonly string[]): void {
    const padded = cells.map((text, index) => text.padEnd(this.#columns[index]?.width ?? 0));
    const lines = wrapLine(padded.join('  ').trimEnd(), outputLook(this.#context.io).width, 4);
    this.#context.io.stdout(`${lines.join('\n')}\n`);
  }
}

/**
 * Waits until a signal comes, the reader of the output has gone, or `begin` calls `end`: without an error that is how
 * such a command is meant to end. `begin` is called once everything that can end it is heard.
 */
export async function untilEnded(
  context: Context,
  begin: (end: (error?: Error) => void) => void | Promise<void>,
): Promise<Exit> {
  const interrupted = context.io.interrupted();
  const unread = context.io.outputClosed();
  await new Promise<void>((resolve, reject) => {
    const end = (error?: Error) => (error === undefined ? resolve() : reject(error));
    void interrupted.then(() => end());
    void unread.then(() => end());
    Promise.resolve()
      .then(() => begin(end))
      .catch(end);
  });
  return EXIT.done;
}

/** A whole number of at least `least`; undefined when the option was not given. */
export function countOption(input: Input, name: string, least: number): number | undefined {
  const text = input.option(name);
  if (text === undefined) return undefined;
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least) return count;
  throw new UsageError(`Cannot read --${name}: saw "${text}"; wanted a whole number of at least ${least}`);
}
