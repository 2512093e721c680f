import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { allCommands } from '../../cli/commands.ts';
import type { Command } from '../../cli/shared/command.ts';
import { GLOBAL_OPTIONS } from '../../cli/shared/options.ts';
import { CATALOGUE, type ErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { MESSAGES } from '../../compat-tables/explain/messages/messages.ts';
import { ROOT } from '../root.ts';

const COMMANDS = await allCommands();

interface Advice {
  readonly of: string;
  readonly text: string;
}

/** Text in source files that tells people what to do and is no row of a table. */
const SOURCES = ['compat-tables/moves', 'compat-tables/explain', 'rpc/fleet'];

const ADVICE: readonly Advice[] = [
  ...Object.entries(CATALOGUE).map(([of, { remedy }]) => ({ of, text: remedy })),
  ...MESSAGES.flatMap(({ id, culprit = '', remedy = '' }) => [{ of: id, text: `${culprit} ${remedy}` }]),
  ...SOURCES.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ of: path, text: adviceIn(readFileSync(join(ROOT, path), 'utf8')) })),
];

/** Mentions in the strings of a source; inside a template literal a backtick is escaped. */
function adviceIn(source: string): string {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replaceAll('\\`', '´');
  return [...code.matchAll(/'[^'\n]*`vhost-compatd? [^'\n]*'|´vhost-compatd? [^´\n]*´/g)]
    .join(' ')
    .replaceAll('´', '`');
}

/** `vhost-compat pin NAME --no-wait`: the program and the words after it. */
function mentionsIn(text: string): { readonly program: string; readonly words: readonly string[] }[] {
  return [...text.matchAll(/`(vhost-compatd?) ([^`]+)`/g)].map(([, program = '', rest = '']) => {
    return { program, words: rest.split(' ') };
  });
}

function optionsIn(words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith('-')).map((word) => word.replace(/=.*/, ''));
}

const GLOBAL = GLOBAL_OPTIONS.flatMap(([flags]) => flags.match(/--?[a-z-]+/g) ?? []);

function unknownOptions(words: readonly string[], command: Command | undefined): string[] {
  const own = (command?.options ?? []).map(({ name }) => `--${name}`);
  return optionsIn(words).filter((one) => ![...own, ...GLOBAL, '--help', '--version'].includes(one));
}

/** Commands of which a file under cli/commands holds one and no other, with the codes that it gives. */
async function codesOfCommands(): Promise<[Command, Set<string>][]> {
  const found: [Command, Set<string>][] = [];
  const names = readdirSync(join(ROOT, 'cli/commands')).filter((name) => name.endsWith('.ts'));
  for (const name of names) {
    const built = name.replace(/\.ts$/, extname(import.meta.filename));
    const exports = Object.values((await import(`../../cli/commands/${built}`)) as Record<string, unknown>);
    const [command, other] = COMMANDS.filter((one) => exports.includes(one));
    const text = readFileSync(join(ROOT, 'cli/commands', name), 'utf8');
    if (command !== undefined && other === undefined)
      found.push([command, new Set(text.match(/\bVC-[A-Z]+(?:-[A-Z]+)*\b/g))]);
  }
  return found;
}

/** What commands give that share a file, or from the floors below. */
const GIVEN_BELOW: Readonly<Partial<Record<ErrorCode, readonly string[]>>> = {
  'VC-MOVE': ['check-move'],
  'VC-MIGRATE-LOG': ['check-move', 'drain'],
  'VC-MODE-FEATURES': ['check-move', 'drain', 'what-if'],
  'VC-MODE-LIMIT': ['check-move', 'drain', 'what-if', 'render'],
  'VC-VERSION-UNUSABLE': ['pin', 'default-version', 'add-interface', 'show-version'],
  'VC-VERSION-UNKNOWN': ['pin', 'default-version', 'add-interface', 'show-version', 'undefine-version'],
  'VC-VERSION-EXISTS': ['capture', 'baseline'],
  'VC-DEFAULT-IN-USE': ['default-version'],
  'VC-SELECT-NONE': ['select'],
  'VC-DIGEST-DIFFERS': ['select', 'matrix', 'check-move'],
  'VC-INTERFACE-UNKNOWN': ['pin', 'unpin', 'show-interface', 'check-move', 'trace', 'del-interface'],
  'VC-INTERFACE-EXISTS': ['add-interface'],
  'VC-TABLE': ['lint-table', 'capture', 'baseline'],
  'VC-DOCUMENT': ['select', 'matrix', 'check-move', 'drain', 'diff-hosts', 'baseline', 'what-if'],
  'VC-DB-TRANSACTION': ['pin', 'unpin', 'add-interface', 'del-interface', 'default-version'],
};

describe('remedies', () => {
  it('name commands and options that exist', () => {
    const wrong = ADVICE.flatMap(({ of, text }) =>
      mentionsIn(text)
        .filter(({ program }) => program === 'vhost-compat')
        .flatMap(({ words }) => {
          const [name = ''] = words;
          const command = COMMANDS.find((one) => one.name === name);
          if (command === undefined && !name.startsWith('-')) return [`${of}: no command ${name}`];
          return unknownOptions(words, command).map((option) => `${of}: ${name} has no ${option}`);
        }),
    );
    assert.deepEqual(wrong, []);
  });

  it('name options of the agent that exist', () => {
    const main = join(import.meta.dirname, `../../agent/daemon/main${extname(import.meta.filename)}`);
    const { stdout: help } = spawnSync(process.execPath, [...process.execArgv, main, '--help'], { encoding: 'utf8' });
    const known: readonly string[] = help.match(/--?[a-z-]+/g) ?? [];
    const wrong = ADVICE.flatMap(({ of, text }) =>
      mentionsIn(text)
        .filter(({ program }) => program === 'vhost-compatd')
        .flatMap(({ words }) => optionsIn(words).filter((one) => !known.includes(one)))
        .map((option) => `${of}: vhost-compatd has no ${option}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('name no command or option without its program, so that none escapes the tests above', () => {
    const compound = COMMANDS.map(({ name }) => name).filter((name) => name.includes('-'));
    const bare = new RegExp(`(?<![\\w-])(?:--[a-z][a-z-]+|${compound.join('|')})(?![\\w-])`, 'g');
    const wrong = ADVICE.flatMap(({ of, text }) =>
      (text.replaceAll(/`[^`]*`/g, '').match(bare) ?? []).map((word) => `${of}: ${word}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('do not send people back to the command that has just failed', async () => {
    const given = new Map(Object.entries(GIVEN_BELOW).map(([code, commands]) => [code, [...commands]]));
    for (const [{ name }, codes] of await codesOfCommands())
      for (const code of codes) given.set(code, [...(given.get(code) ?? []), name]);
    const wrong = Object.entries(CATALOGUE).flatMap(([code, { remedy }]) =>
      mentionsIn(remedy)
        // with an option it is another question
        .filter(({ words }) => optionsIn(words).length === 0)
        .map(({ words }) => words[0] ?? '')
        .filter((name) => given.get(code)?.includes(name))
        .map((name) => `${code}: ${name}`),
    );
    assert.deepEqual(wrong, []);
  });
});
