import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryFile } from '../../../agent/manager/memory-file.ts';
import { temporaryFolder } from '../support.ts';

describe('a file of the memory of the agent', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it('has the last of many texts, and those between are not written one after the other', async () => {
    const path = join(folder.path, 'memory.json');
    const file = new MemoryFile(path, (value) => value, 1 << 20);
    const started = performance.now();
    await file.write('0');
    const one = performance.now() - started;
    const from = performance.now();
    await Promise.all(Array.from({ length: 1000 }, (_, i) => file.write(String(i + 1))));
    assert.equal(readFileSync(path, 'utf8'), '1000');
    assert.ok(performance.now() - from < 100 * one + 100);
  });
});
