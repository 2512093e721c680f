import { isJsonObject, type Json } from '../../json/json-value.ts';
import type { TransactionContext } from '../database.ts';
import { Database } from '../database.ts';
import type { Monitor, MonitorRequest, MonitorUpdate } from '../monitor/monitor-hub.ts';
import { canonicalText, OvsdbError } from '../notation/ovsdb-error.ts';
import { DatabaseSchema } from '../notation/schema.ts';
import { ovsSet } from '../notation/values.ts';
import type { RunningTransaction, ServedDatabase } from './served-database.ts';

/**
 * The schema of ovsdb-server's own database, version 1.2.0 (ovsdb-server(5)). Clients compare name and version, and IDLs do
 * not begin before a row of table Database says that theirs is connected.
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

/** The reserved database `_Server`: which databases the server has, and what they are. Clients may only read it. */
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

  /** Makes the row of a database. */
  add({ schema }: Pick<ServedDatabase, 'schema'>): void {
    this.#change({
      op: 'insert',
      table: 'Database',
      row: {
        name: schema.name,
        model: 'standalone',
        connected: true,
        leader: true,
        schema: canonicalText(schema.toJson()),
        cid: ovsSet([]),
        sid: ovsSet([]),
        index: ovsSet([]),
      },
    });
  }

  /** Shows the schema that a database has now. */
  update({ schema }: Pick<ServedDatabase, 'schema'>): void {
    const where: Json = [['name', '==', schema.name]];
    this.#change({ op: 'update', table: 'Database', where, row: { schema: canonicalText(schema.toJson()) } });
  }

  flush(): void {
    this.#database.flush();
  }

  /** ovsdb-server would do it, and crash when it next looks for its columns. */
  convert(): never {
    throw new OvsdbError('notAllowed', 'convert operation not allowed on reserved database _Server');
  }

  close(): void {
    this.#database.close();
  }

  /** The commit is done when this returns; a failure could only be a mistake in this file. */
  #change(operation: Json): void {
    this.#database.transact([operation], {}).whenDone((ending) => {
      const answer = 'results' in ending ? ending.results[0] : String(ending.error);
      if (isJsonObject(answer) && !('error' in answer)) return;
      throw new Error(`Cannot write _Server: ${canonicalText(answer ?? null)}`);
    });
    this.flush();
  }
}
