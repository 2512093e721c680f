import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { play, readDialogues } from './dialogue.ts';
import { SUBJECTS, type TestServer } from './subjects.ts';

const DIALOGUES = readDialogues(readFileSync(join(ROOT, 'test/golden/ovsdb/sessions.txt'), 'utf8'));

for (const subject of SUBJECTS) {
  describe(`dialogues with ${subject.name}`, () => {
    const peers = new Peers();
    let server: TestServer;
    before(async function () {
      subject.require(this);
      server = subject.create(peers);
      await server.start();
    });
    after(() => peers.end());

    for (const { title, lines } of DIALOGUES) {
      it(title, async () => assert.deepEqual(await play(server.path, lines), lines));
    }
  });
}
