import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { ROOT } from './root.ts';
import { sourcesUnder } from './sources.ts';

/** Facts and routines that used to be copied: what a copy looks like, and the one file where it may stand. */
const FACTS: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  readonly file: string;
  /** Files that do the same to something else. */
  readonly apart?: readonly string[];
}[] = [
  { what: 'the longest timer of node', pattern: /2 \*\* 31|2147483|2_147_483/, file: 'base/timers.ts' },
  { what: 'SHA-256', pattern: /\bcreateHash\(/, file: 'base/digest.ts' },
  {
    what: 'a pause that doubles',
    pattern: /class Backoff\b|(pause|delay|wait|next)\w* \* 2\b|(pause|delay|wait)\w* \*= 2\b/i,
    file: 'base/backoff.ts',
  },
  {
    what: 'removing a socket',
    pattern: /\bunlink(Sync)?\(/,
    file: 'base/socket-file.ts',
    apart: ['base/socket-staging.ts', 'agent/relay/handover/journal.ts', 'agent/daemon/die-at-step.ts'], // files of their own
  },
  { what: 'the longest path of a unix socket', pattern: /sun_path|= 10[78];/, file: 'base/socket-path.ts' },
  {
    what: 'the name of the usual device type',
    pattern: /'vhost-user-net'/,
    file: 'compat-tables/bits/device-types.ts',
  },
  { what: 'the way to package.json', pattern: /'package\.json'/, file: 'base/installation.ts' },
];

const ROOMS = ['base', 'compat-tables', 'agent', 'rpc', 'cli'];

interface Line {
  readonly file: string;
  readonly number: number;
  readonly text: string;
}

function linesOf(folders: readonly string[]): Line[] {
  return folders.flatMap(sourcesUnder).flatMap((path) => {
    const file = relative(ROOT, path);
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((text, i) => ({ file, number: i + 1, text }));
  });
}

const EXPORT = /^export (?:async )?(?:const|function|class|interface|type) (\w+)/;

/** The few names that two rooms export all the same, and why nobody takes one for the other. */
const SHARED_NAMES: Readonly<Record<string, string>> = {
  integer: 'the kind of a value: a codec of columns (used as codec.integer), a check of JSON',
  object: 'the kind of a value: a setting, a check of JSON',
  oneOf: 'the kind of a value: a setting, a check of JSON',
  probe: 'the measurement of a back-end, and the command of that name which calls it',
  text: 'the kind of a value: a setting, a codec of columns (used as codec.text)',
};

describe('what is declared once', () => {
  const lines = linesOf([...ROOMS, 'quickstart', 'bench']);

  for (const { what, pattern, file, apart = [] } of FACTS) {
    it(`${what}: in ${file} alone`, () => {
      const found = lines.filter(({ text }) => pattern.test(text));
      const elsewhere = found.filter((line) => line.file !== file && !apart.includes(line.file));
      assert.deepEqual(
        elsewhere.map((line) => `${line.file}:${line.number}: ${line.text.trim()}`),
        [],
      );
      assert.ok(found.length > 0, `${file} has nothing like ${pattern}`);
    });
  }

  it('an exported name, with one meaning', () => {
    const places = new Map<string, Set<string>>();
    for (const { file, number, text } of linesOf(ROOMS)) {
      const name = EXPORT.exec(text)?.[1];
      if (name === undefined) continue;
      const key = `${file}:${number}`;
      // overloads of one function stand in one file
      const known = [...(places.get(name) ?? [])];
      if (!known.some((place) => place.startsWith(`${file}:`))) places.set(name, new Set([...known, key]));
    }
    const twice = [...places].filter(([, where]) => where.size > 1);
    assert.deepEqual(
      twice
        .filter(([name]) => SHARED_NAMES[name] === undefined)
        .map(([name, where]) => `${name}: ${[...where].join(', ')}`),
      [],
    );
    assert.deepEqual(
      Object.keys(SHARED_NAMES).filter((name) => !twice.some(([one]) => one === name)),
      [],
      'explained and no longer needed',
    );
  });
});
