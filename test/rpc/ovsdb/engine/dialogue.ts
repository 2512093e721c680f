import type { Json } from '../../../../rpc/json/json-value.ts';
import { isJsonObject } from '../../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';

/** One question and its answer, as texts. A request that is an array is a transaction, `{"monitor": …}` adds a monitor. */
export interface Exchange {
  readonly request: string;
  readonly reply: string;
}

/** Exchanges that build on each other, on a database that is empty at first. */
export interface Dialogue {
  readonly title: string;
  readonly exchanges: Exchange[];
}

export interface DialogueFile {
  /** Name of a schema file beside it. */
  readonly schema: string;
  readonly dialogues: Dialogue[];
}

const RULE = '----';

/**
 * Reads a file of golden dialogues: a line `schema NAME`, then blocks with empty lines between them. A block is a request, a
 * rule of four dashes, and the reply. One that begins with `# TITLE` begins a new dialogue. In a reply `<0>`, `<1>` … stand for
 * UUIDs in the order of their appearance; a request may refer to them.
 */
export function parseDialogues(text: string): DialogueFile {
  const [head = '', ...blocks] = text.trim().split(/\n\s*\n/);
  const schema = /^schema (\S+)$/m.exec(head)?.[1];
  if (schema === undefined) throw new Error(`Cannot read dialogues: saw "${head}"; wanted "schema NAME"`);
  const dialogues: Dialogue[] = [];
  for (const block of blocks) {
    const lines = block.split('\n');
    if (lines[0]?.startsWith('# ')) dialogues.push({ title: lines.shift()?.slice(2) ?? '', exchanges: [] });
    const rule = lines.indexOf(RULE);
    const end = rule < 0 ? lines.length : rule;
    dialogues
      .at(-1)
      ?.exchanges.push({ request: lines.slice(0, end).join('\n'), reply: lines.slice(end + 1).join('\n') });
  }
  return { schema, dialogues };
}

export function formatDialogues({ schema, dialogues }: DialogueFile): string {
  const blocks = dialogues.flatMap(({ title, exchanges }) =>
    exchanges.map(({ request, reply }, i) => `${i === 0 ? `# ${title}\n` : ''}${request}\n${RULE}\n${reply}`),
  );
  return `${[`schema ${schema}`, ...blocks].join('\n\n')}\n`;
}

/** Someone who can be asked: our database, or a real ovsdb-server. */
export interface Partner {
  transact(operations: Json[]): Promise<Json[]>;
  monitor(requests: Json): Promise<Json>;
  /** The updates that came since it was asked last. */
  takeUpdates(): Json[];
  /** Ends all monitors and deletes all rows. */
  reset(): Promise<void>;
}

/** Holds a dialogue and returns the replies, normalised. */
export async function hold(dialogue: Dialogue, partner: Partner): Promise<string[]> {
  await partner.reset();
  const names = new UuidNames();
  const replies: string[] = [];
  for (const { request } of dialogue.exchanges) {
    const json = parseJson64(names.resolve(request));
    if (isJsonObject(json)) {
      replies.push(names.normalise({ initial: await partner.monitor(json['monitor'] ?? null) }));
      continue;
    }
    const result = await partner.transact(json as Json[]);
    const updates = partner.takeUpdates();
    names.learn(result);
    replies.push(names.normalise(updates.length === 0 ? result : { result, updates }));
  }
  return replies;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const ZERO = /^[0-]+$/;

/** Random UUIDs under stable names. */
class UuidNames {
  readonly #names = new Map<string, string>();

  learn(json: Json): void {
    for (const [uuid] of canonicalText(json).matchAll(UUID)) {
      if (!ZERO.test(uuid) && !this.#names.has(uuid)) this.#names.set(uuid, `<${this.#names.size}>`);
    }
  }

  /** Twice: first with the names there are, so that members named by UUIDs come in a stable order. */
  normalise(json: Json): string {
    const once = parseJson64(this.#replace(canonicalText(json)));
    this.learn(once);
    return stableText(this.#replace(canonicalText(once)));
  }

  #replace(text: string): string {
    return text.replace(UUID, (uuid) => this.#names.get(uuid) ?? uuid);
  }

  /** A request with the real UUIDs. */
  resolve(text: string): string {
    const uuids = new Map([...this.#names].map(([uuid, name]) => [name, uuid]));
    return text.replace(/<\d+>/g, (name) => uuids.get(name) ?? name);
  }
}

/** Takes out what differs from run to run: how long a wait took, and which of two rows an index violation calls the first. */
function stableText(text: string): string {
  return text
    .replace(/timed out after \d+ ms/g, 'timed out after N ms')
    .replace(/First row, (.*?) {2}Second row, (.*?)(?=","error")/g, (_, a: string, b: string) => {
      const [first, second] = [a, b].sort();
      return `First row, ${first}  Second row, ${second}`;
    });
}
