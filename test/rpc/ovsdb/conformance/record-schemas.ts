/** Writes what a real ovsdb-server makes of schemas into their golden file: npx tsx test/rpc/ovsdb/conformance/record-schemas.ts */
import { readFileSync, writeFileSync } from 'node:fs';
import { Peers } from '../../../peers/process.ts';
import { formatDialogues, parseDialogues } from '../engine/dialogue.ts';
import { realReader, SCHEMAS_FILE } from './schemas.ts';

const peers = new Peers();
const file = parseDialogues(readFileSync(SCHEMAS_FILE, 'utf8'));
const read = await realReader(peers);
for (const { title, exchanges } of file.dialogues) {
  if (title.startsWith('differs: ')) continue;
  for (const [i, { request }] of exchanges.entries()) exchanges[i] = { request, reply: await read(request) };
}
writeFileSync(SCHEMAS_FILE, formatDialogues(file));
await peers.end();
