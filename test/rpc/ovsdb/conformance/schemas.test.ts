import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { needs } from '../../../peers/needs.ts';
import { Peers } from '../../../peers/process.ts';
import { parseDialogues } from '../engine/dialogue.ts';
import { readOurs, realReader, SCHEMAS_FILE, type SchemaReader } from './schemas.ts';

const { dialogues } = parseDialogues(readFileSync(SCHEMAS_FILE, 'utf8'));

function readAll(reader: () => SchemaReader, wanted: (title: string) => boolean): void {
  for (const { title, exchanges } of dialogues.filter((one) => wanted(one.title))) {
    it(title, async () => {
      for (const { request, reply } of exchanges) assert.equal(await reader()(request), reply, request);
    });
  }
}

describe('schemas (RFC 7047, section 3.2) as we read them', () => {
  readAll(
    () => readOurs,
    () => true,
  );
});

describe('schemas (RFC 7047, section 3.2) as ovsdb-server reads them', () => {
  const peers = new Peers();
  let reader: SchemaReader = readOurs;
  before(async function () {
    needs(this, 'ovsdb-server', 'openvswitch-switch');
    needs(this, 'ovsdb-tool', 'openvswitch-common');
    reader = await realReader(peers);
  });
  after(() => peers.end());
  readAll(
    () => reader,
    (title) => !title.startsWith('differs: '),
  );
});
