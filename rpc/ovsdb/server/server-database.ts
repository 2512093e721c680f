import { isJsonObject, type Json } from '../../json/json-value.ts';
import { Database, type TransactionContext } from '../database.ts';
import { resultJson } from '../engine/selected-rows.ts';
import type { Monitor, MonitorRequest, MonitorUpdate } from '../monitor/monitor-hub.ts';
import { canonicalText, OvsdbError } from '../notation/ovsdb-error.ts';
import { DatabaseSchema } from '../notation/schema.ts';
import type { RunningTransaction, ServedDatabase } from './served-database.ts';

/**
 * The schema of ovsdb-server's own database, version 1.2.0 (ovsdb-server(5)). Clients compare name and version, and an IDL
 * does not start before a row of table Database says that its database is connected.
 */
const SCHEMA: Json = {
  name: '_Server',
  version: '1.2.0',
  cksum: '3009684573 744',
  tables: {
    Database: {
      columns: {
        name: { type: 'string' },
        model: { type: { key: { type: 'string', enum: ['set', ['standalone', 'clustered', 'relay']] } } },
        connected: { type: 'boolean' },
        leader: { type: 'boolean' },
        schema: { type: { key: 'string', min: 0, max: 1 } },
        cid: { type: { key: 'uuid', min: 0, max: 1 } },
        sid: { type: { key: 'uuid', min: 0, max: 1 } },
        index: { type: { key: 'integer', min: 0, max: 1 } },
      },
    },
  },
};

/** The reserved, read-only database `_Server`: which databases the server has, and their schemas. */
export class ServerDatabase implements ServedDatabase {
  readonly #database = Database.open({ file: ':memory:', schema: DatabaseSchema.fromJson(SCHEMA) });

  constructor() {
    this.add(this);
  }

  get schema(): DatabaseSchema {
    return this.#database.schema;
  }

  transact(operations: readonly Json[], context: TransactionContext): RunningTransaction {
    return this.#database.transact(operations, { ...context, readOnly: true });
  }

  watch(request: MonitorRequest, send: (update: MonitorUpdate) => void): Monitor {
    return this.#database.watch(request, send);
  }

  /** Inserts the row of a database. */
  add({ schema }: Pick<ServedDatabase, 'schema'>): void {
    this.#change({
      op: 'insert',
      table: 'Database',
      row: { name: schema.name, model: 'standalone', connected: true, leader: true, ...schemaColumn(schema) },
    });
  }

  /** Writes the present schema of a database. */
  update({ schema }: Pick<ServedDatabase, 'schema'>): void {
    const where: Json = [['name', '==', schema.name]];
    this.#change({ op: 'update', table: 'Database', where, row: schemaColumn(schema) });
  }

  flush(): void {
    this.#database.flush();
  }

  /** ovsdb-server carries it out, and crashes when it next looks for its columns. */
  convert(): never {
    throw new OvsdbError('notAllowed', 'convert operation not allowed on reserved database _Server');
  }

  close(): void {
    this.#database.close();
  }

  /** Commits before it returns; a failure could only be a bug of this file. */
  #change(operation: Json): void {
    this.#database.transact([operation], {}).whenDone((ending) => {
      const answer = 'results' in ending ? resultJson(ending.results[0] ?? null) : String(ending.error);
      if (isJsonObject(answer) && !('error' in answer)) return;
      throw new Error(`Cannot write _Server: ${canonicalText(answer ?? null)}`);
    });
    this.flush();
  }
}

function schemaColumn(schema: ServedDatabase['schema']): { readonly schema: string } {
  return { schema: canonicalText(schema.toJson()) };
}
