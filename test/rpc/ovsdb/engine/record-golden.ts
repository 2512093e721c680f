/**
 * Writes the replies of a real ovsdb-server into files of golden dialogues: npx tsx test/rpc/ovsdb/engine/record-golden.ts FILE…
 * Dialogues whose title says that we differ are left as they are.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Peers } from '../../../peers/process.ts';
import { formatDialogues, hold, parseDialogues } from './dialogue.ts';
import { realPartner } from './partners.ts';

for (const path of process.argv.slice(2)) {
  const peers = new Peers();
  const file = parseDialogues(readFileSync(path, 'utf8'));
  const partner = await realPartner(file.schema, peers);
  for (const dialogue of file.dialogues.filter(({ title }) => !title.startsWith('differs: '))) {
    const replies = await hold(dialogue, partner);
    replies.forEach((reply, i) => {
      dialogue.exchanges[i] = { request: dialogue.exchanges[i]?.request ?? '', reply };
    });
  }
  writeFileSync(path, formatDialogues(file));
  await peers.end();
}
