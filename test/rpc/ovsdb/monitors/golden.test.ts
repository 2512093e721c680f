import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { GOLDEN, monSchema, ourServer, realServer } from './partners.ts';
import { play, readScripts } from './script.ts';

const files = readdirSync(GOLDEN)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => ({ name, ...readScripts(readFileSync(join(GOLDEN, name), 'utf8')) }));
const tables = [...monSchema().tables.keys()];

/** What we do better than ovsdb-server on purpose, with the title of the dialogue (docs/ovsdb-differences.md). */
const OURS_ONLY = 'differs: ';

function holdAll(server: () => string, only: (title: string) => boolean): void {
  for (const { name, scripts } of files) {
    describe(name, () => {
      for (const script of scripts.filter(({ title }) => only(title))) {
        it(script.title, async () => assert.deepEqual(await play(server(), script, tables), script.lines));
      }
    });
  }
}

describe('dialogues of monitors with our server', () => {
  const peers = new Peers();
  let path = '';
  before(async () => {
    path = await ourServer(peers);
  });
  after(() => peers.end());
  holdAll(
    () => path,
    () => true,
  );
});

describe('dialogues of monitors with ovsdb-server', () => {
  const peers = new Peers();
  let path = '';
  before(async function () {
    needs(this, 'ovsdb-server', 'openvswitch-switch');
    needs(this, 'ovsdb-tool', 'openvswitch-common');
    path = await realServer(peers);
  });
  after(() => peers.end());
  holdAll(
    () => path,
    (title) => !title.startsWith(OURS_ONLY),
  );
});
