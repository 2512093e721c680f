/**
 * Dialogues of several clients with a server, as text. `== title` begins one, on an empty database. A line `A method params` is
 * a request of client A; the lines after it are all that any client then hears: `A = result`, `A ! error` and `A < method params`
 * in the order in which A got them, the clients in the order of their names.
 *
 * `<a>` to `<f>` are UUIDs for rows, `<txn>` is the id of a transaction, `<v0>`, `<v1>` … are versions of rows in the order of
 * their appearance. Members stand in the order of their names.
 */

import { isJsonObject, type Json } from '../../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { RawClient } from '../net/subjects.ts';

export interface Script {
  readonly title: string;
  readonly lines: readonly string[];
}

/** What stands before the first dialogue, and the dialogues. */
export function readScripts(text: string): { head: string; scripts: Script[] } {
  const [head = '', ...parts] = text.split(/^== /m);
  const scripts = parts.map((part) => {
    const [title = '', ...lines] = part.split('\n');
    return { title, lines: lines.filter((line) => line !== '') };
  });
  return { head, scripts };
}

export function formatScripts(head: string, scripts: readonly Script[]): string {
  return head + scripts.map(({ title, lines }) => `== ${title}\n${lines.join('\n')}\n`).join('\n');
}

const REQUEST = /^(\w) ([a-z]\w*) (.*)$/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Holds the dialogue again and gives its lines with what the server really said. */
export async function play(path: string, { lines }: Script, tables: readonly string[]): Promise<string[]> {
  const clients = new Map<string, Listener>();
  const versions = new Map<string, string>();
  const shorten = (json: Json): string =>
    canonicalText(json).replace(UUID, (uuid) => {
      if (/^([a-f])\1{7}-/.test(uuid)) return `<${uuid[0]}>`;
      if (/^[0-]+$/.test(uuid)) return uuid;
      if (!versions.has(uuid)) versions.set(uuid, `<v${versions.size}>`);
      return versions.get(uuid) ?? '';
    });
  const heard: string[] = [];
  const cleaner = new Listener(await RawClient.open(path));
  clients.set('', cleaner);
  try {
    await cleaner.ask('transact', ['Mon', ...tables.map((table) => ({ op: 'delete', table, where: [] }))]);
    for (const line of lines) {
      const [, name = '', method = '', params = ''] = REQUEST.exec(line) ?? [];
      if (name === '') continue; // an answer
      heard.push(line);
      const client = clients.get(name) ?? new Listener(await RawClient.open(path));
      clients.set(name, client);
      const json = parseJson64(params.replace(/<([a-f])>/g, (_, letter: string) => uuidOf(letter)));
      await client.ask(method, json as Json[]);
      for (const [who, listener] of [...clients].sort()) {
        const answers = sortedUpdates((await listener.take()).map((message) => lineOf(message, shorten)));
        if (who !== '') heard.push(...answers.map((answer) => `${who} ${answer}`));
      }
    }
    return heard;
  } finally {
    for (const { raw } of clients.values()) raw.socket.destroy();
  }
}

/** In which order a transaction is told to several monitors of a client is nobody's promise. */
function sortedUpdates(answers: readonly string[]): string[] {
  const updates = answers.filter((answer) => answer.startsWith('< ')).sort();
  return answers.map((answer) => (answer.startsWith('< ') ? (updates.shift() ?? '') : answer));
}

function uuidOf(letter: string): string {
  return '00000000-0000-0000-0000-000000000000'.replaceAll('0', letter);
}

function lineOf(message: Json, shorten: (json: Json) => string): string {
  if (!isJsonObject(message)) return `? ${shorten(message)}`;
  const { id, method, params, result, error } = message;
  if (typeof method === 'string') {
    const shown =
      method === 'update3' && Array.isArray(params) ? [params[0] ?? null, '<txn>', params[2] ?? null] : params;
    return `< ${method} ${shorten(shown ?? null)}${id === null ? '' : ' with an id'}`;
  }
  if (error !== null && error !== undefined) return `! ${shorten(error)}`;
  const since = Array.isArray(result) && result.length === 3 && typeof result[0] === 'boolean';
  return `= ${shorten(since ? [result[0] ?? null, '<txn>', result[2] ?? null] : (result ?? null))}`;
}

/** A client whose messages are taken step by step. */
class Listener {
  readonly raw: RawClient;
  #read = 0;

  constructor(raw: RawClient) {
    this.raw = raw;
  }

  /** Sends a request and waits for its answer. */
  async ask(method: string, params: Json[]): Promise<void> {
    const from = this.#read;
    this.raw.send(canonicalText({ id: 'ask', method, params }));
    await this.#until('ask', from);
  }

  /** Everything that came since the last time. */
  async take(): Promise<Json[]> {
    const from = this.#read;
    this.raw.send({ id: 'barrier', method: 'echo', params: [] });
    await this.#until('barrier', from);
    this.#read = this.raw.messages.length;
    return this.raw.messages.slice(from).filter((message) => !isJsonObject(message) || message['id'] !== 'barrier');
  }

  async #until(id: string, from: number): Promise<void> {
    const there = (): boolean =>
      this.raw.messages.slice(from).some((message) => isJsonObject(message) && message['id'] === id);
    while (!there() && !this.raw.closed) {
      await new Promise<void>((resolve) => {
        const { socket } = this.raw;
        const done = (): void => {
          socket.off('data', done).off('close', done);
          resolve();
        };
        socket.on('data', done).on('close', done);
      });
    }
    if (!there()) throw new Error(`the server hung up instead of answering ${id}`);
  }
}
