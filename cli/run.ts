import { PROGRAM_VERSION } from '../base/installation.ts';
import type { CompatError } from '../compat-tables/errors/compat-error.ts';
import { EXIT, type Exit } from '../compat-tables/errors/exit-status.ts';
import { allCommands, commandsNamedIn } from './commands.ts';
import { type Parsed, parseCommandLine } from './parse.ts';
import { checkColumns, pickColumns } from './shared/columns.ts';
import type { Command, CommandResult } from './shared/command.ts';
import { asCataloguedError, describeError, UsageError } from './shared/command-errors.ts';
import { Context } from './shared/context.ts';
import { printable, renderTable } from './shared/formats.ts';
import { type GlobalOptions, wantsJson } from './shared/options.ts';
import { renderPage, textLines } from './shared/page.ts';
import { errorLook, type Io, type Look, outputLook } from './shared/terminal.ts';

/** `--help`, `-h`, also among other letters. */
const HELP = /^(help|--help|-[A-Za-z]*h.*)$/;

/**
 * One whole run of `vhost-compat`: the words after the program's name in, the exit status out. Never throws. `commands`: all
 * there are, for tests.
 */
export async function run(argv: readonly string[], io: Io, commands?: readonly Command[]): Promise<Exit> {
  let parsed: Parsed | undefined;
  try {
    parsed = await parse(argv, io, commands);
    if (parsed === undefined) return EXIT.done;
    return await runCommand(parsed, argv, io);
  } catch (thrown) {
    const error = asCataloguedError(thrown);
    const asJson = parsed === undefined ? wantsJson(argv) : parsed.globals.format === 'json';
    const verbose = parsed?.globals.verbose === true;
    tell(error, asJson, verbose, io);
    return error.exit;
  }
}

/** With the command that is named alone, where that is enough. */
async function parse(argv: readonly string[], io: Io, commands?: readonly Command[]): Promise<Parsed | undefined> {
  const named = commands ?? (argv.some((word) => HELP.test(word)) ? [] : await commandsNamedIn(argv));
  if (named.length > 0) {
    try {
      return parseCommandLine(argv, named, PROGRAM_VERSION, io);
    } catch (error) {
      if (commands !== undefined || !(error instanceof UsageError)) throw error;
    }
  }
  return parseCommandLine(argv, await allCommands(), PROGRAM_VERSION, io);
}

function tell(error: CompatError, asJson: boolean, verbose: boolean, io: Io): void {
  const text = describeError(error, asJson, verbose);
  if (asJson) {
    io.stderr(text);
    return;
  }
  const { width, style } = errorLook(io);
  const [first = '', ...more] = text.trimEnd().split('\n');
  const lines = [...textLines(first, width).map(style.bad), ...more.flatMap((line) => textLines(line, width))];
  io.stderr(`${lines.join('\n')}\n`);
}

async function runCommand({ command, input, globals }: Parsed, argv: readonly string[], io: Io): Promise<Exit> {
  const context = new Context(io, globals, ['vhost-compat', ...argv].join(' '));
  try {
    if (command.headings !== undefined) checkColumns(command.headings, globals.columns);
    const result = await context.limited(command.name, command.run(context, input));
    if (typeof result === 'number') return result;
    io.stdout(render(result, globals, outputLook(io)));
    for (const note of result.notes ?? []) context.note(note);
    if (result.refusal === undefined) return EXIT.done;
    tell(result.refusal, globals.format === 'json', globals.verbose, io);
    return result.refusal.exit;
  } finally {
    await context.end();
  }
}

/** A result in the form that the options ask for. */
function render(result: CommandResult, { format, headings, columns }: GlobalOptions, look: Look): string {
  const { table, text, verbatim } = result;
  if (columns !== undefined) return renderTable(pickColumns(table, columns), format, { headings, look });
  if (format === 'json') return `${JSON.stringify({ format: 1, ...result.json }, null, 2)}\n`;
  if (format !== 'table') return renderTable(table, format, { headings, look });
  if (headings && verbatim !== undefined) return printable(verbatim);
  if (headings && text !== undefined) return renderPage(text, look);
  return renderTable(pickColumns(table, table.narrow ?? table.headings), format, { headings, look });
}
