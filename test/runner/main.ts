import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../root.ts';
import { KINDS, type Kind, kindOf, testFiles } from './kinds.ts';
import { runAll } from './runs.ts';

const HELP = `usage: node dist/test/runner/main.js [unit] [integration] [real] [--list] [option of mocha]...
Without a kind all tests run. --list prints the files and runs none.`;

const TESTS = join(ROOT, 'dist/test');

/** Unit tests share nothing, so they run on all processors; the others talk to programs and watch the clock. */
const OPTIONS: Readonly<Record<Kind, readonly string[]>> = {
  unit: ['--parallel', '--jobs', `${availableParallelism()}`, '--require', join(TESTS, 'runner/no-processes.js')],
  integration: [],
  real: [],
};

const args = process.argv.slice(2);
const wanted = KINDS.filter((kind) => args.includes(kind));
const kinds = wanted.length === 0 ? KINDS : wanted;
const options = args.filter((arg) => !KINDS.some((kind) => kind === arg));
const files = testFiles().map((file) => ({ kind: kindOf(file), path: join(TESTS, file.replace(/\.ts$/, '.js')) }));

if (options.includes('--help')) console.log(HELP);
else if (options.includes('--list')) {
  for (const { kind, path } of files) if (kinds.includes(kind)) console.log(`${kind} ${path}`);
} else {
  const runs = kinds.map((kind) => ({
    name: kind,
    files: files.filter((file) => file.kind === kind).map(({ path }) => path),
    options: [...OPTIONS[kind], ...options],
  }));
  if (!(await runAll(runs))) process.exitCode = 1;
}
