/**
 * Writes what a real ovsdb-server says into files of session dialogues: npx tsx test/rpc/ovsdb/conformance/record-sessions.ts FILE…
 * Only the lines that clients send are taken from the file. A dialogue whose title says that we differ is left as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { Peers } from '../../../peers/process.ts';
import { type Dialogue, readDialogues, UuidFilter } from '../net/dialogue.ts';
import { RawClient, SUBJECTS } from '../net/subjects.ts';

interface Speaker {
  readonly raw: RawClient;
  read: number;
}

const END = canonicalText({ id: 'ask', result: [], error: null });

/** Takes what has come for a client; an echo tells when that is all. */
async function take(name: string, client: Speaker, filter: UuidFilter): Promise<string[]> {
  if (client.raw.closed) return [];
  await client.raw.ask('echo');
  // What was asked for last may have been answered before the echo.
  while (!client.raw.closed && !client.raw.messages.some((one, i) => i >= client.read && canonicalText(one) === END)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const fresh = client.raw.messages.slice(client.read);
  client.read = client.raw.messages.length;
  const lines = fresh.filter((one) => canonicalText(one) !== END).map((message) => `${name}< ${filter.apply(message)}`);
  return client.raw.closed ? [...lines, `${name} closed`] : lines;
}

async function record(path: string, { title, lines }: Dialogue): Promise<string> {
  const clients = new Map<string, Speaker>();
  const filter = new UuidFilter();
  const said = [`== ${title}`];
  for (const line of lines.filter((one) => one[1] === '>')) {
    const name = line.slice(0, 1);
    const client = clients.get(name) ?? { raw: await RawClient.open(path), read: 0 };
    clients.set(name, client);
    client.raw.send(line.slice(3));
    said.push(line, ...(await take(name, client, filter)));
    for (const [other, speaker] of clients) if (other !== name) said.push(...(await take(other, speaker, filter)));
  }
  for (const { raw } of clients.values()) raw.socket.destroy();
  return said.join('\n');
}

const real = SUBJECTS.find(({ name }) => name === 'ovsdb-server');
for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, 'utf8');
  const peers = new Peers();
  const server = real?.create(peers);
  await server?.start();
  const parts: string[] = [];
  for (const dialogue of readDialogues(text)) {
    const kept = [`== ${dialogue.title}`, ...dialogue.lines].join('\n');
    parts.push(dialogue.title.startsWith('differs: ') ? kept : await record(server?.path ?? '', dialogue));
  }
  writeFileSync(file, `${text.slice(0, text.indexOf('\n== '))}\n${parts.join('\n\n')}\n`);
  await peers.end();
}
