import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Peers } from '../../../peers/process.ts';
import { play, readDialogues } from './dialogue.ts';
import { SUBJECTS, type TestServer } from './subjects.ts';

/** The golden files stand in the source tree, above the compiled test. */
function goldenFolder(from: string): string {
  return existsSync(join(from, 'package.json')) ? join(from, 'test/golden/ovsdb') : goldenFolder(dirname(from));
}

const DIALOGUES = readDialogues(readFileSync(join(goldenFolder(import.meta.dirname), 'sessions.txt'), 'utf8'));

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
