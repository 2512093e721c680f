import { PROGRAM_VERSION } from '../base/installation.ts';
import { EXIT, type Exit } from '../compat-tables/errors/catalogue.ts';
import type { CompatError } from '../compat-tables/errors/compat-error.ts';
import { COMMANDS } from './commands.ts';
import { type Parsed, parseCommandLine } from './parse.ts';
import { checkColumns, noSuchColumn } from './shared/columns.ts';
import type { Command, Result } from './shared/command.ts';
import { asCompatError, describeError } from './shared/command-errors.ts';
import { Context } from './shared/context.ts';
import { pickColumns, printable, renderTable, type Table } from './shared/formats.ts';
import type { Io } from './shared/io.ts';
import { type GlobalOptions, wantsJson } from './shared/options.ts';

/** One whole run of `vhost-compat`: the words after the program's name in, the exit status out. Never throws. */
export async function run(argv: readonly string[], io: Io, commands: readonly Command[] = COMMANDS): Promise<Exit> {
  let parsed: Parsed | undefined;
  try {
    parsed = parseCommandLine(argv, commands, PROGRAM_VERSION, io);
    if (parsed === undefined) return EXIT.done;
    return await runCommand(parsed, argv, io);
  } catch (thrown) {
    const error = asCompatError(thrown);
    const asJson = parsed === undefined ? wantsJson(argv) : parsed.globals.format === 'json';
    const verbose = parsed?.globals.verbose === true;
    tell(error, asJson, verbose, io);
    return error.exit;
  }
}

function tell(error: CompatError, asJson: boolean, verbose: boolean, io: Io): void {
  const text = describeError(error, asJson, verbose);
  io.stderr(asJson ? text : printable(text));
}

async function runCommand({ command, input, globals }: Parsed, argv: readonly string[], io: Io): Promise<Exit> {
  const context = new Context(io, globals, ['vhost-compat', ...argv].join(' '));
  try {
    if (command.headings !== undefined) checkColumns(command.headings, globals.columns);
    const result = await context.limited(command.name, command.run(context, input));
    if (typeof result === 'number') return result;
    io.stdout(render(result, globals));
    for (const note of result.notes ?? []) io.stderr(`vhost-compat: ${printable(note)}\n`);
    if (result.refusal === undefined) return EXIT.done;
    tell(result.refusal, globals.format === 'json', globals.verbose, io);
    return result.refusal.exit;
  } finally {
    await context.end();
  }
}

/** The face of a result that the options ask for. */
function render({ table, json, text }: Result, { format, headings, columns }: GlobalOptions): string {
  if (columns !== undefined) return renderTable(pick(table, columns), format, { headings });
  if (format === 'json') return `${JSON.stringify(json, null, 2)}\n`;
  if (format !== 'table') return renderTable(table, format, { headings });
  if (headings && text !== undefined) return printable(text);
  return renderTable(pick(table, table.narrow ?? table.headings), format, { headings });
}

function pick(table: Table, columns: readonly string[]): Table {
  const picked = pickColumns(table, columns);
  if (!('unknown' in picked)) return picked;
  throw noSuchColumn(picked.unknown, table.headings);
}
