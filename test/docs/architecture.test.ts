import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

/** The cells of the table under a heading, without its own head. */
function tableUnder(heading: string): string[][] {
  const section = text.split(`\n## ${heading}`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) => line.split('|').map((cell) => cell.trim()));
}

function inBackticks(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

describe('docs/architecture.md', () => {
  it('says of at least 30 behaviours where they are, in files that exist', () => {
    const files = tableUnder('Where do I find').map(([, , file = '']) => inBackticks(file)[0] ?? file);
    assert.ok(files.length >= 30, `${files.length} behaviours`);
    assert.deepEqual(
      files.filter((file) => !existsSync(join(ROOT, file))),
      [],
    );
  });

  it('names rooms that exist', () => {
    const rooms = tableUnder('Floors').flatMap(([, , room = '']) => inBackticks(room));
    assert.ok(rooms.includes('agent/relay'));
    assert.deepEqual(
      rooms.filter((room) => !existsSync(join(ROOT, room))),
      [],
    );
  });
});
