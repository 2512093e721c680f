import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import type { Partner } from '../engine/dialogue.ts';
import { hold, parseDialogues } from '../engine/dialogue.ts';
import { ourPartner, readSchema, realPartner } from '../engine/partners.ts';

/** The operations and the notation of RFC 7047, section 5, for every type of column: recorded with record-golden.ts. */
const FOLDER = join(ROOT, 'test/golden/ovsdb/rfc-5');

const FILES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => ({ name, ...parseDialogues(readFileSync(join(FOLDER, name), 'utf8')) }));

function holdAll(partnerFor: (schema: string) => Partner, wanted: (title: string) => boolean): void {
  for (const { name, schema, dialogues } of FILES) {
    describe(name, () => {
      for (const dialogue of dialogues.filter(({ title }) => wanted(title))) {
        it(dialogue.title, async () => {
          const replies = await hold(dialogue, partnerFor(schema));
          assert.deepEqual(
            replies,
            dialogue.exchanges.map(({ reply }) => reply),
          );
        });
      }
    });
  }
}

describe('operations with our database', () => {
  const peers = new Peers();
  const partners = new Map<string, Partner>();
  after(() => peers.end());
  holdAll(
    (schema) => {
      const partner = partners.get(schema) ?? ourPartner(readSchema(schema), peers);
      partners.set(schema, partner);
      return partner;
    },
    () => true,
  );
});

describe('operations with ovsdb-server', () => {
  const peers = new Peers();
  const partners = new Map<string, Partner>();
  before(async function () {
    needs(this, 'ovsdb-server', 'openvswitch-switch');
    needs(this, 'ovsdb-tool', 'openvswitch-common');
    for (const schema of new Set(FILES.map((file) => file.schema))) {
      partners.set(schema, await realPartner(schema, peers));
    }
  });
  after(() => peers.end());
  holdAll(
    (schema) => {
      const partner = partners.get(schema);
      assert.ok(partner, `no server for ${schema}`);
      return partner;
    },
    (title) => !title.startsWith('differs: '),
  );
});
