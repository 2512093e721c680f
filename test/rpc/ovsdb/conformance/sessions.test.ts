import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../root.ts';
import { play, readDialogues } from '../net/dialogue.ts';
import { describeEach } from '../net/subjects.ts';

/** The methods of RFC 7047, section 4, and ovsdb-server's own: recorded with record-sessions.ts. */
const FILES = ['rfc-4', 'extensions'].flatMap((topic) => {
  const folder = join(ROOT, 'test/golden/ovsdb', topic);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => ({ name, dialogues: readDialogues(readFileSync(join(folder, name), 'utf8')) }));
});

describeEach('sessions', ({ path, subject }) => {
  for (const { name, dialogues } of FILES) {
    describe(name, () => {
      for (const { title, lines } of dialogues) {
        if (title.startsWith('differs: ') && subject.name === 'ovsdb-server') continue;
        it(title, async () => assert.deepEqual(await play(path(), lines), lines));
      }
    });
  }
});
