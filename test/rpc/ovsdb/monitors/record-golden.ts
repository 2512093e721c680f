/**
 * Writes what a real ovsdb-server says into files of dialogues: npx tsx test/rpc/ovsdb/monitors/record-golden.ts FILE…
 * Dialogues whose title says that we differ are left as they are.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Peers } from '../../../peers/process.ts';
import { monSchema, realServer } from './partners.ts';
import { formatScripts, play, readScripts } from './script.ts';

const peers = new Peers();
const path = await realServer(peers);
const tables = [...monSchema().tables.keys()];
for (const file of process.argv.slice(2)) {
  const { head, scripts } = readScripts(readFileSync(file, 'utf8'));
  const recorded = [];
  for (const script of scripts) {
    const differs = script.title.startsWith('differs: ');
    recorded.push(differs ? script : { title: script.title, lines: await play(path, script, tables) });
  }
  writeFileSync(file, formatScripts(head, recorded));
}
await peers.end();
