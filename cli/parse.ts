import { type CommanderError, Help, Option, Command as Parser } from 'commander';
import { suggestion } from '../base/text.ts';
import { argumentUsage, type Command, type Input, usageOf } from './shared/command.ts';
import { UsageError } from './shared/command-errors.ts';
import { GLOBAL_OPTIONS, type GlobalOptions, readGlobalOptions } from './shared/options.ts';
import { renderPage } from './shared/page.ts';
import { type Io, type Look, outputLook } from './shared/terminal.ts';
import { wrapLine } from './shared/text-width.ts';

export interface Parsed {
  readonly command: Command;
  readonly input: Input;
  readonly globals: GlobalOptions;
}

const GENERAL_USAGE = 'vhost-compat [OPTION]... COMMAND [ARGUMENT]... (vhost-compat --help lists the commands)';

const ALL_OPTIONS = '\nOptions of all commands: vhost-compat help options';

const EXIT_HELP = `${ALL_OPTIONS}

Exit status:
  0  done, or the answer is yes
  1  failed
  2  the command line or the configuration is wrong
  3  the answer is no: no common version, a version that is not usable, an interface that cannot move
  4  cannot connect, or the time given with --timeout is over

vhost-compat help COMMAND shows the arguments of a command and an example.`;

/** For commander, which wants a number. */
const MAX_HELP_WIDTH = 10_000;

/** Thrown through commander when help or the version has been printed. */
class Shown extends Error {}

/**
 * Reads the command line. Returns undefined when help or the version was asked for and has been printed; throws
 * UsageError with what was seen and what was wanted.
 */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  version: string,
  io: Io,
): Parsed | undefined {
  if (argv.length === 0) throw new UsageError('Cannot run: saw no known command; wanted one', { usage: GENERAL_USAGE });
  let parsed: Parsed | undefined;
  const root: Parser = prepare(new Parser('vhost-compat'), io, GENERAL_USAGE)
    .description('Compatibility versions of vhost-user interfaces: list, select, pin and look.')
    .usage('[OPTION]... COMMAND [ARGUMENT]...')
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText('after', EXIT_HELP);
  addGlobalOptions(root, version, true);
  for (const command of commands) {
    const parser = commandParser(command, version, io);
    parser.action(() => {
      const after: Readonly<Record<string, unknown>> = parser.opts();
      const globals = readGlobalOptions(root.opts(), after, io.env);
      parsed = { command, input: inputOf(parser.args, after), globals };
    });
    root.addCommand(parser);
  }
  root.addCommand(helpParser(root, io));
  try {
    root.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof Shown) return undefined;
    throw error;
  }
  return parsed;
}

/** `help`, `help COMMAND` and `help options`. */
function helpParser(root: Parser, io: Io): Parser {
  const usage = 'vhost-compat help [COMMAND|options]';
  return prepare(new Parser('help'), io, usage)
    .summary('show the arguments of a command and an example, or the options of all commands')
    .argument('[COMMAND|options]')
    .helpOption(false)
    .action((topic: string | undefined) => {
      const wanted = topic === undefined ? root : root.commands.find((one) => one.name() === topic);
      if (topic === 'options') io.stdout(optionsPage(outputLook(io)));
      else if (wanted !== undefined) wanted.outputHelp();
      else {
        const names = ['options', ...root.commands.map((one) => one.name())];
        const text = `Cannot show help for "${topic ?? ''}": saw no known command; wanted one`;
        throw new UsageError(`${text}${suggestion(topic ?? '', names)}`, { usage });
      }
      throw new Shown();
    });
}

function optionsPage(look: Look): string {
  const table = { headings: ['option', 'meaning'], rows: GLOBAL_OPTIONS.map(([flags, help]) => [flags, help]) };
  return renderPage(
    ['They may stand before or after the name of the command; the one after counts.', '', { table }],
    look,
  );
}

function prepare(parser: Parser, io: Io, usage: string): Parser {
  const look = outputLook(io);
  const width = Number.isFinite(look.width) ? look.width : MAX_HELP_WIDTH;
  return parser
    .configureOutput({
      writeOut: (text) => io.stdout(renderPage(text, look)),
      getOutHelpWidth: () => width,
      writeErr: () => {},
      outputError: () => {},
    })
    .configureHelp({ subcommandTerm: nameWithArguments })
    .exitOverride((error) => {
      throw error.exitCode === 0 ? new Shown() : usageError(error, usage);
    });
}

/** The list of commands leaves the options to the help of each. */
function nameWithArguments(parser: Parser): string {
  return new Help().subcommandTerm(parser).replaceAll(/ \[options\]|[<>]/g, '');
}

function commandParser(command: Command, version: string, io: Io): Parser {
  const usage = usageOf(command);
  const parser = prepare(new Parser(command.name), io, usage)
    .summary(command.summary)
    .description(command.summary)
    .usage(usage.slice(`vhost-compat ${command.name}`.length).trim())
    .addHelpText('after', helpTail(command, outputLook(io).width));
  for (const spec of command.args) {
    const shape = argumentUsage(spec);
    parser.argument(shape.startsWith('[') ? shape : `<${shape}>`, spec.help);
  }
  for (const { name, value, help, required, repeatable } of command.options) {
    const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, help);
    option.makeOptionMandatory(required === true);
    // every option collects, so that a value given twice is seen instead of lost
    if (value !== undefined) option.argParser((word: string, before?: readonly string[]) => [...(before ?? []), word]);
    parser.addOption(option);
    if (value !== undefined && repeatable !== true) {
      parser.hook('preAction', () => refuseTwice(parser.opts(), name, usage));
    }
  }
  addGlobalOptions(parser, version, !command.options.some(({ name }) => name === 'version'));
  return parser;
}

function addGlobalOptions(parser: Parser, version: string, withVersion: boolean): void {
  for (const [flags, help] of GLOBAL_OPTIONS) parser.addOption(new Option(flags, help).hideHelp());
  if (!withVersion) return;
  parser.version(`vhost-compat ${version}`, '-V, --version', 'show the version of this program');
  if (parser.name() !== 'vhost-compat') parser.options.at(-1)?.hideHelp();
}

function helpTail({ details = '', name, example }: Command, width: number): string {
  const lines = details.split('\n').flatMap((line) => wrapLine(line, width));
  const more = details === '' ? '' : `\n${lines.join('\n')}\n`;
  return `${ALL_OPTIONS}\n${more}\nExample:\n  vhost-compat ${name}${example === '' ? '' : ` ${example}`}`;
}

function refuseTwice(options: Readonly<Record<string, unknown>>, name: string, usage: string): void {
  const values = options[attribute(name)];
  if (Array.isArray(values) && values.length > 1) {
    throw new UsageError(`Cannot use --${name}: saw it ${values.length} times; wanted it once`, { usage });
  }
}

/** commander's text carries what was seen; the usage line carries what was wanted. */
function usageError(error: CommanderError, usage: string): UsageError {
  if (error.code === 'commander.help') {
    // commander shows the general help for a command that it does not know: as an error, and so do we
    return new UsageError('Cannot run: saw no known command; wanted one', { usage });
  }
  const seen = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  return new UsageError(`Cannot read the command line: ${seen}`, { usage, cause: error });
}

function attribute(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function inputOf(args: readonly string[], options: Readonly<Record<string, unknown>>): Input {
  const list = (name: string): readonly string[] => {
    const value = options[attribute(name)];
    return Array.isArray(value) ? value.map(String) : [];
  };
  return {
    args,
    list,
    option: (name) => list(name)[0],
    flag: (name) => options[attribute(name)] === true,
  };
}
