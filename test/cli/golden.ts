import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

/** Compares with a file of test/golden/cli. With UPDATE_GOLDENS=1 it writes the file instead; look at the difference. */
export function matchesGolden(name: string, text: string): void {
  const file = join(ROOT, 'test/golden/cli', name);
  if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'), `differs from test/golden/cli/${name}`);
}
