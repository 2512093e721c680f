import { parseArgs } from 'node:util';
import { nearNames } from '../../base/text.ts';
import { defaultTextOf, flagOf, ROWS, type Setting } from './settings.ts';

/** An option of the command line. */
export interface Option {
  /** `--run-dir`. */
  readonly flag: string;
  readonly short?: string | undefined;
  /** Stands for the value in help texts; undefined: the option takes none. */
  readonly placeholder?: string | undefined;
  readonly help: string;
}

/** Where the configuration file is: the only flag with a variable in the environment that is no setting. */
export const CONFIG_FLAG = '--config';
export const CONFIG_VARIABLE = 'VHOST_COMPATD_CONFIG';

const OTHER_OPTIONS: readonly Option[] = [
  { flag: CONFIG_FLAG, placeholder: 'file', help: 'read settings from this JSON file' },
  {
    flag: '--supervise',
    help: 'run the agent with the other options, restart it when it ends; connections survive that',
  },
  {
    flag: '--check-state',
    help: 'check whether this release can take over the connections of the running agent and write its database, and exit',
  },
  { flag: '--help', short: '-h', help: 'print this help' },
  { flag: '--version', short: '-V', help: 'print name and version' },
];

/** The option of a setting; none when no flag takes it. */
function optionOf([key, row]: readonly [string, Setting]): Option[] {
  const flag = flagOf(key, row);
  const text = defaultTextOf(row);
  const help = `${row.help}${text === undefined ? '' : ` (default: ${text})`}`.replaceAll('`', '');
  return flag === undefined ? [] : [{ flag, short: row.short, placeholder: row.kind.placeholder, help }];
}

/** All options of `vhost-compatd`; its commands have more. */
export const OPTIONS: readonly Option[] = [...ROWS.flatMap(optionOf), ...OTHER_OPTIONS];

/** A command line, taken apart. */
export interface Arguments {
  /** The words that are neither options nor their values. */
  readonly words: readonly string[];
  /** The values of each option that was given, by its long flag; none for an option that takes no value. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  /** What is wrong with it, in the order of the words. */
  readonly mistakes: readonly string[];
}

/** Takes a command line apart. Never throws: a first, early look at it must do no harm. */
export function parseArguments(args: readonly string[], options: readonly Option[] = OPTIONS): Arguments {
  const byName = new Map(options.map((option) => [option.flag.slice(2), option]));
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([...byName].map(([name, option]) => [name, parseOptionOf(option)])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const flags = options.map(({ flag }) => flag);
  const words: string[] = [];
  const given = new Map<string, string[]>();
  const mistakes: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = byName.get(token.name);
    if (option === undefined) {
      const [near] = nearNames(token.rawName, flags, 1);
      mistakes.push(`unknown option '${token.rawName}'${near === undefined ? '' : `; did you mean '${near}'?`}`);
    } else if (option.placeholder !== undefined && token.value === undefined) {
      mistakes.push(`option '${option.flag} <${option.placeholder}>' argument missing`);
    } else if (option.placeholder === undefined && token.value !== undefined) {
      mistakes.push(`option '${option.flag}' takes no value; saw '${token.value}'`);
    } else {
      given.set(option.flag, [...(given.get(option.flag) ?? []), ...(token.value === undefined ? [] : [token.value])]);
    }
  }
  return { words, given, mistakes };
}

function parseOptionOf({ short, placeholder }: Option): { type: 'string' | 'boolean'; short?: string } {
  return { type: placeholder === undefined ? 'boolean' : 'string', ...(short && { short: short.slice(1) }) };
}
