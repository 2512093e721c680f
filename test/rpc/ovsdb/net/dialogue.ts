/**
 * Dialogues with a server, as text: `== title`, then lines `A> what client A sends`, `A< what it gets`, and `A closed` when
 * the server hangs up. UUIDs are <0>, <1>, … in the order of their appearance; members stand in the order of their names.
 */
import type { Json } from '../../../../rpc/json/json-value.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { RawClient, until } from './subjects.ts';

export interface Dialogue {
  readonly title: string;
  readonly lines: readonly string[];
}

export function readDialogues(text: string): Dialogue[] {
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [title = '', ...lines] = part.split('\n');
      return { title, lines: lines.filter((line) => line !== '' && !line.startsWith('#')) };
    });
}

/** Gives each UUID a number of its own. */
export class UuidFilter {
  readonly #seen: string[] = [];

  apply(message: Json): string {
    return canonicalText(message).replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uuid) => {
      if (!this.#seen.includes(uuid)) this.#seen.push(uuid);
      return `<${this.#seen.indexOf(uuid)}>`;
    });
  }
}

/** Sends what the clients of the dialogue send and gives the lines with what the server really said. */
export async function play(path: string, lines: readonly string[]): Promise<string[]> {
  const clients = new Map<string, { raw: RawClient; read: number }>();
  const filter = new UuidFilter();
  const heard: string[] = [];
  try {
    for (const line of lines) {
      const [, name = '', mark, text = ''] = /^(\w)(>|<| closed) ?(.*)$/.exec(line) ?? [];
      const client = clients.get(name) ?? { raw: await RawClient.open(path), read: 0 };
      clients.set(name, client);
      const { raw } = client;
      if (mark === '>') {
        heard.push(line);
        raw.send(text);
        continue;
      }
      await until(() => raw.messages.length > client.read || raw.closed);
      const message = raw.messages[client.read++];
      heard.push(message === undefined ? `${name} closed` : `${name}< ${filter.apply(message)}`);
    }
    // Whatever a server says beyond its part of the dialogue comes before this answer.
    for (const [name, client] of clients) {
      await client.raw.ask('echo');
      const rest = client.raw.messages.slice(client.read).filter((message) => canonicalText(message) !== END);
      heard.push(...rest.map((message) => `${name}< ${filter.apply(message)}`));
    }
    return heard;
  } finally {
    for (const { raw } of clients.values()) raw.socket.destroy();
  }
}

const END = canonicalText({ id: 'ask', result: [], error: null });
