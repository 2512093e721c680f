import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ROOT } from '../root.ts';
import { importsOf, sourcesUnder } from '../sources.ts';

/** The kinds of tests in the order in which they run. */
export const KINDS = ['unit', 'integration', 'real'] as const;
export type Kind = (typeof KINDS)[number];

const TESTS = join(ROOT, 'test');

/** Every test file, relative to test/, as its source is named. */
export function testFiles(): string[] {
  return sourcesUnder('test')
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => relative(TESTS, file))
    .sort();
}

/**
 * The one rule that says where a test runs.
 * - `real`: it stands under test/real, or is a kill.test.ts. Slow, and its failures depend on other programs.
 * - `unit`: none of the files under test/ that it imports, however far, imports node:child_process. It starts nothing.
 * - `integration`: all others. They start our programs, ovsdb-server, openssl and the like.
 */
export function kindOf(file: string): Kind {
  if (file.startsWith('real/') || basename(file) === 'kill.test.ts') return 'real';
  return startsProcesses(join(TESTS, file), new Set()) ? 'integration' : 'unit';
}

function startsProcesses(file: string, seen: Set<string>): boolean {
  seen.add(file);
  return importsOf(file).some((name) => {
    if (!name.startsWith('.')) return name === 'node:child_process';
    const target = resolve(dirname(file), name);
    const inTests = !relative(TESTS, target).startsWith('..') && existsSync(target);
    return inTests && !seen.has(target) && startsProcesses(target, seen);
  });
}
