import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { displayWidth } from '../../cli/shared/text-width.ts';
import { ROOT } from '../root.ts';

/** Compares with a file of test/golden/cli. With UPDATE_GOLDENS=1 it writes the file instead; look at the difference. */
export function matchesGolden(name: string, text: string): void {
  const file = join(ROOT, 'test/golden/cli', name);
  if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'), `differs from test/golden/cli/${name}`);
}

/** Fails with the first line that is wider than a terminal of that many columns. */
export function fitsInto(columns: number, text: string): void {
  const wide = text.split('\n').find((line) => displayWidth(line) > columns);
  assert.equal(wide, undefined, `a line is wider than ${columns} columns`);
}
