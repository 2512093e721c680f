import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { JsonFramer } from '../../../../rpc/json/json-framer.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { stringifyJson } from '../../../../rpc/json/stringify.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { canonicalText, OvsdbError } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { ROOT } from '../../../root.ts';
import { contents } from '../engine/fixtures.ts';
import { open } from '../net/subjects.ts';
import { Chance } from './chance.ts';
import { MODEL, Requests } from './requests.ts';
import { scrambled, wounded } from './wounds.ts';

/** A server that has not answered after so long never will. */
const PATIENCE_MS = 30_000;
/** More rows than this, and a round begins by deleting them. */
const MANY_ROWS = 1500;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Every kind of table that the golden dialogues have, and the one whose rows are known. */
function fuzzSchema(): DatabaseSchema {
  const tablesOf = (file: string): JsonObject =>
    (parseJson64(readFileSync(join(ROOT, 'test/golden/ovsdb', file), 'utf8')) as { tables: JsonObject }).tables;
  const { S: sets, ...edge } = tablesOf('rfc-5/edge.ovsschema');
  const model = { isRoot: true, columns: { key: { type: 'integer' }, text: { type: 'string' } }, indexes: [['key']] };
  return DatabaseSchema.fromJson({
    name: 'Fuzz',
    version: '1.0.0',
    tables: { ...tablesOf('engine/types.ovsschema'), ...edge, Sets: sets ?? null, [MODEL]: model },
  });
}

/** One round: several clients with requests of every kind, and one that behaves. @throws if an invariant does not hold */
export async function fuzzRound(
  file: string,
  socketPath: string,
  seed: number,
  model: Map<number, string>,
): Promise<void> {
  const chance = new Chance(seed);
  const schema = fuzzSchema();
  const database = Database.open({ file, schema });
  const complaints: unknown[] = [];
  const server = new OvsdbServer({
    log: (event) => {
      if (event.event === 'internal error') complaints.push(event.error ?? event.text);
    },
  });
  server.add(database);
  await server.listen(`punix:${socketPath}`);
  try {
    await clearIfLarge(database);
    const requests = new Requests(chance, schema);
    const mirror = await Mirror.open(socketPath, schema);
    for (let i = 0; i < 6; i++) {
      await Promise.all([
        ...Array.from({ length: 3 }, () => rudeClient(socketPath, chance, requests)),
        inProcess(database, chance, requests),
        politeClient(database, chance, model),
      ]);
    }
    assert.deepEqual(await modelRows(database), new Map([...model].sort(([a], [b]) => a - b)));
    await mirror.check(database);
    assert.deepEqual(complaints, []);
  } finally {
    await server.close();
    const before = await contents(database);
    database.close();
    const again = Database.open({ file, schema });
    const after = await contents(again);
    again.close();
    assert.deepEqual(after, before);
  }
}

async function clearIfLarge(database: Database): Promise<void> {
  const tables = [...database.schema.tables.keys()].filter((name) => name !== MODEL);
  const counts = await database.transact(tables.map((table) => ({ op: 'select', table, where: [] }))).result;
  const count = counts.reduce<number>((sum, one) => sum + (one as { rows: Json[] }).rows.length, 0);
  if (count > MANY_ROWS) await database.transact(tables.map((table) => ({ op: 'delete', table, where: [] }))).result;
}

/** Connects, says this and that, hangs up, and looks at what it got. */
async function rudeClient(path: string, chance: Chance, requests: Requests): Promise<void> {
  const socket = await open(path);
  const sent: (Json | undefined)[] = [];
  const texts = Array.from({ length: 1 + chance.below(30) }, (_, id) => {
    const message = requests.message(id);
    const said = chance.once(2) ? message : wounded(message, chance);
    const text = stringifyJson(said);
    if (!chance.once(12)) {
      sent.push(isJsonObject(said) ? said['id'] : undefined);
      return text;
    }
    sent.push(undefined);
    return scrambled(text, chance);
  });
  const heard = listen(socket);
  for (const text of texts) socket.write(text);
  socket.end();
  const messages = await heard;
  const ids = new Set(sent.filter((id) => id !== undefined).map(canonicalText));
  const unclear = sent.includes(undefined);
  let answers = 0;
  for (const message of messages) {
    checkMessage(message);
    if ('method' in message) continue;
    answers++;
    assert.ok(
      unclear || ids.has(canonicalText(message['id'] ?? null)),
      `answer to no question: ${canonicalText(message)}`,
    );
    for (const [uuid] of canonicalText(message).matchAll(UUID)) requests.learn(uuid);
  }
  // A scrambled message may have become two.
  assert.ok(answers <= sent.length + (unclear ? 2 : 0), `${answers} answers to ${sent.length} messages`);
}

/** All that comes until the server hangs up. */
async function listen(socket: Socket): Promise<JsonObject[]> {
  const framer = new JsonFramer();
  const messages: JsonObject[] = [];
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server neither answers nor hangs up')), PATIENCE_MS);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const message of framer.push(chunk)) {
          if (!isJsonObject(message)) throw new Error('the server sends something else than objects');
          messages.push(message);
        }
      } catch (error) {
        end(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    });
    socket.on('error', () => {}); // it may hang up while we write
    socket.on('close', () => end(() => resolve(messages)));
  });
}

const NOTIFICATIONS = ['update', 'update2', 'update3', 'locked', 'stolen'];

function checkMessage(message: JsonObject): void {
  const members = Object.keys(message).sort().join();
  if ('method' in message) {
    assert.equal(members, 'id,method,params');
    assert.ok(
      NOTIFICATIONS.includes(String(message['method'])) && message['id'] === null && Array.isArray(message['params']),
    );
    return;
  }
  assert.ok(members === 'error,id,result' || members === 'error,id', `not JSON-RPC: ${canonicalText(message)}`);
  assert.ok(members === 'error,id' ? message['error'] !== null : message['error'] === null);
  assert.notEqual(canonicalText(message['error'] ?? null), canonicalText({ error: 'internal error' }));
}

async function inProcess(database: Database, chance: Chance, requests: Requests): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const operations = requests.operations();
    const given = chance.once(2) ? operations : wounded(operations, chance);
    const list = Array.isArray(given) ? given : [given];
    const pending = database.transact(list);
    const timer = setTimeout(() => pending.cancel(), 50);
    try {
      const results = await pending.result;
      assert.ok(results.length === list.length || results.length === list.length + 1);
      stringifyJson(results);
    } catch (error) {
      assert.ok(error instanceof OvsdbError && error.kind === 'canceled', String(error));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Changes rows that nobody else knows of, some of them in transactions that fail. */
async function politeClient(database: Database, chance: Chance, model: Map<number, string>): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const key = chance.below(40);
    const text = `v${chance.below(1000)}`;
    const fails = chance.once(4) ? [{ op: 'abort' }] : [];
    const change: Json = model.has(key)
      ? chance.once(3)
        ? { op: 'delete', table: MODEL, where: [['key', '==', key]] }
        : { op: 'update', table: MODEL, where: [['key', '==', key]], row: { text } }
      : { op: 'insert', table: MODEL, row: { key, text } };
    await database.transact([change, { op: 'commit', durable: chance.once(5) }, ...fails]).result;
    if (fails.length > 0) continue;
    if (change['op'] === 'delete') model.delete(key);
    else model.set(key, text);
  }
}

async function modelRows(database: Database): Promise<Map<number, string>> {
  const select = { op: 'select', table: MODEL, where: [], columns: ['key', 'text'], sort: ['key'] };
  const [answer] = await database.transact([select]).result;
  const { rows } = answer as { rows: { key: number; text: string }[] };
  return new Map(rows.map(({ key, text }) => [key, text]));
}

/** A monitor of everything, whose copy must be the database. */
class Mirror {
  readonly #socket: Socket;
  readonly #rows = new Map<string, Json>();
  #ended: () => void = () => {};
  #wrong: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const framer = new JsonFramer();
    socket.on('error', () => {});
    socket.on('close', () => this.#ended());
    socket.on('data', (chunk: Buffer) => {
      for (const message of framer.push(chunk)) if (isJsonObject(message)) this.#take(message);
    });
  }

  static async open(path: string, schema: DatabaseSchema): Promise<Mirror> {
    const mirror = new Mirror(await open(path));
    const requests = Object.fromEntries([...schema.tables.keys()].map((name): [string, Json] => [name, {}]));
    mirror.#socket.write(stringifyJson({ id: 1, method: 'monitor', params: [schema.name, null, requests] }));
    return mirror;
  }

  #take({ method, params, result, error }: JsonObject): void {
    if (error !== undefined && error !== null) this.#wrong = canonicalText(error);
    const updates = method === 'update' ? (params as Json[])[1] : Array.isArray(result) ? undefined : result;
    if (!isJsonObject(updates)) return;
    for (const [table, rows] of Object.entries(updates)) {
      for (const [uuid, row] of Object.entries(rows as JsonObject)) {
        const { new: now } = row as JsonObject;
        if (now === undefined) this.#rows.delete(`${table} ${uuid}`);
        else this.#rows.set(`${table} ${uuid}`, now);
      }
    }
  }

  /** Hangs up, and compares what it had been told till then. */
  async check(database: Database): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
      this.#socket.end();
    });
    assert.equal(this.#wrong, undefined);
    const rows: [string, Json][] = [];
    for (const table of database.schema.tables.keys()) {
      const [answer] = await database.transact([{ op: 'select', table, where: [] }]).result;
      for (const { _uuid, ...row } of (answer as { rows: JsonObject[] }).rows)
        rows.push([`${table} ${String((_uuid as Json[])[1])}`, row]);
    }
    const text = ([key, row]: [string, Json]): string => `${key} ${canonicalText(row)}`;
    assert.deepEqual([...this.#rows].map(text).sort(), rows.map(text).sort());
  }
}
