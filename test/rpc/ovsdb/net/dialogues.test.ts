import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../root.ts';
import { play, readDialogues } from './dialogue.ts';
import { describeEach } from './subjects.ts';

const DIALOGUES = readDialogues(readFileSync(join(ROOT, 'test/golden/ovsdb/sessions.txt'), 'utf8'));

describeEach('dialogues', ({ path }) => {
  for (const { title, lines } of DIALOGUES) {
    it(title, async () => assert.deepEqual(await play(path(), lines), lines));
  }
});
