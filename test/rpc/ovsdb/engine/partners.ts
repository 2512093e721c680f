import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { JsonFramer } from '../../../../rpc/json/json-framer.ts';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import { isJsonObject } from '../../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { stringifyJson } from '../../../../rpc/json/stringify.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { OvsdbError } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import type { Peers } from '../../../peers/process.ts';
import { eventually, run } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import type { Partner } from './dialogue.ts';

export const GOLDEN = join(ROOT, 'test/golden/ovsdb/engine');

export function readSchema(name: string): DatabaseSchema {
  return DatabaseSchema.fromJson(parseJson64(readFileSync(join(GOLDEN, name), 'utf8')));
}

/** Deletes every row; those outside the root set go by themselves. */
function deleteAll(schema: DatabaseSchema): Json[] {
  return [...schema.tables.keys()].map((table) => ({ op: 'delete', table, where: [] }));
}

/** Our database in memory. */
export function ourPartner(schema: DatabaseSchema, peers: Peers): Partner {
  const database = Database.open({ file: ':memory:', schema });
  peers.defer(() => database.close());
  const monitors: { cancel(): void }[] = [];
  let updates: Json[] = [];
  return {
    transact: (operations) => database.transact(operations).result,
    monitor: async (requests) => {
      try {
        const monitor = database.monitor(requests, (update) => updates.push(update));
        monitors.push(monitor);
        return monitor.initial;
      } catch (error) {
        if (!(error instanceof OvsdbError)) throw error;
        return { error: { ...error.toJSON() } };
      }
    },
    takeUpdates: () => updates.splice(0),
    reset: async () => {
      for (const monitor of monitors.splice(0)) monitor.cancel();
      await database.transact(deleteAll(schema)).result;
      updates = [];
    },
  };
}

/** A real ovsdb-server with a database of its own. */
export async function realPartner(schemaName: string, peers: Peers): Promise<Partner> {
  const schema = readSchema(schemaName);
  const folder = peers.folder();
  const [file, path] = [join(folder, 'test.db'), join(folder, 'test.sock')];
  const env = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
  await run('ovsdb-tool', ['create', file, join(GOLDEN, schemaName)], { env });
  peers.start('ovsdb-server', [file, `--remote=punix:${path}`, `--unixctl=${join(folder, 'ctl')}`], { env });
  const socket = await eventually(`the socket of ovsdb-server`, () => tryConnect(path));
  peers.defer(() => void socket.destroy());
  const wire = new Wire(socket);
  return {
    transact: async (operations) => (await wire.call('transact', [schema.name, ...operations])) as Json[],
    monitor: async (requests) => await wire.call('monitor', [schema.name, wire.newMonitor(), requests]),
    takeUpdates: () => wire.updates.splice(0),
    reset: async () => {
      for (const id of wire.monitors.splice(0)) await wire.call('monitor_cancel', [id]);
      await wire.call('transact', [schema.name, ...deleteAll(schema)]);
      wire.updates.length = 0;
    },
  };
}

async function tryConnect(path: string): Promise<Socket | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** JSON-RPC 1.0 by hand: the tests of the engine must not depend on our own client. */
class Wire {
  readonly updates: Json[] = [];
  readonly monitors: number[] = [];
  readonly #socket: Socket;
  readonly #framer = new JsonFramer();
  readonly #waiting = new Map<number, { resolve(reply: Json): void; reject(error: Error): void }>();
  #lastId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      for (const message of this.#framer.push(chunk)) if (isJsonObject(message)) this.#take(message);
    });
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('ovsdb-server closed the connection'));
    });
  }

  #take(message: JsonObject): void {
    const { id, method, params, error, result } = message as { [name: string]: Json | undefined };
    if (method === 'update' && Array.isArray(params)) this.updates.push(params[1] ?? null);
    if (method === 'echo') this.#socket.write(stringifyJson({ id: id ?? null, error: null, result: params ?? null }));
    if (method !== undefined) return;
    const waiting = this.#waiting.get(Number(id));
    this.#waiting.delete(Number(id));
    if (error !== undefined && error !== null) waiting?.resolve({ error });
    else waiting?.resolve(result ?? null);
  }

  newMonitor(): number {
    const id = ++this.#lastId;
    this.monitors.push(id);
    return id;
  }

  async call(method: string, params: Json[]): Promise<Json> {
    const id = ++this.#lastId;
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(stringifyJson({ id, method, params }));
    });
  }
}
