import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import type { DialogueFile, Partner } from './dialogue.ts';
import { hold, parseDialogues } from './dialogue.ts';
import { GOLDEN, ourPartner, readSchema, realPartner } from './partners.ts';

const files = readdirSync(GOLDEN).filter((name) => name.endsWith('.txt'));

/** What we do better than ovsdb-server on purpose, with the title of the dialogue (docs/ovsdb-differences.md). */
const OURS_ONLY = 'differs: ';

function holdAll(file: DialogueFile, title: string, only: (title: string) => boolean, open: () => Partner): void {
  describe(title, () => {
    for (const dialogue of file.dialogues.filter((one) => only(one.title))) {
      it(dialogue.title, async () => {
        const replies = await hold(dialogue, open());
        assert.deepEqual(
          replies,
          dialogue.exchanges.map(({ reply }) => reply),
        );
      });
    }
  });
}

describe('golden dialogues with our database', () => {
  const peers = new Peers();
  after(() => peers.end());
  for (const name of files) {
    const file = parseDialogues(readFileSync(join(GOLDEN, name), 'utf8'));
    let partner: Partner | undefined;
    holdAll(
      file,
      name,
      () => true,
      () => (partner ??= ourPartner(readSchema(file.schema), peers)),
    );
  }
});

describe('golden dialogues with ovsdb-server', () => {
  const peers = new Peers();
  const partners = new Map<string, Partner>();
  before(async function () {
    needs(this, 'ovsdb-server', 'openvswitch-switch');
    needs(this, 'ovsdb-tool', 'openvswitch-common');
    for (const name of readdirSync(GOLDEN).filter((one) => one.endsWith('.ovsschema'))) {
      partners.set(name, await realPartner(name, peers));
    }
  });
  after(() => peers.end());
  for (const name of files) {
    const file = parseDialogues(readFileSync(join(GOLDEN, name), 'utf8'));
    holdAll(
      file,
      name,
      (title) => !title.startsWith(OURS_ONLY),
      () => {
        const partner = partners.get(file.schema);
        assert.ok(partner, `no server for ${file.schema}`);
        return partner;
      },
    );
  }
});
