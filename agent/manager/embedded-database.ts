import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Backoff } from '../../base/backoff.ts';
import type { Log } from '../../base/log.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { Database, type DatabaseOptions } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import { StoreError, type StoreErrorCode } from '../../rpc/ovsdb/store/store.ts';
import { loadSchemaText } from '../../rpc/state/schema-file.ts';
import type { Config } from '../settings/config.ts';
import type { Authors } from './authors.ts';
import { clientName } from './client-name.ts';
import { CONNECT_TIMEOUT_MS, type OpenDatabase } from './database-link.ts';
import { listenAll, ownRemote } from './database-remotes.ts';

/** The pauses before a file is tried again that could not be written. */
const RETRY = { firstMs: 500, longestMs: 5000 };

/** The file is another's: to serve something in its place would be no help to anybody. */
const NOT_OURS: ReadonlySet<StoreErrorCode> = new Set(['OVSDB-STORE-IN-USE', 'OVSDB-STORE-FOREIGN']);

/**
 * The database that the agent itself serves. When its file cannot be written, clients are served what it holds, if that can
 * be read, and can change nothing; the agent itself writes its status to memory. The file is tried again until it takes
 * writes; then all clients have to connect again.
 */
export class EmbeddedDatabase implements OpenDatabase {
  readonly client: OvsdbClient;
  readonly remote: string;
  readonly #config: Config;
  readonly #log: Log;
  readonly #authors: Authors;
  readonly #schema = DatabaseSchema.fromJson(JSON.parse(loadSchemaText()) as Json);
  readonly #server: OvsdbServer;
  readonly #backoff = new Backoff(RETRY);
  #database: Database;
  #trouble: CompatError | undefined;
  #changed: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopTrying: () => void = () => undefined;

  /** Throws VC-DB-OPEN for a file that is not ours to use. */
  static async open(config: Config, log: Log, authors: Authors): Promise<EmbeddedDatabase> {
    const opened = new EmbeddedDatabase(config, log, authors);
    try {
      opened.#stopTrying = await listenAll(opened.#server, config, log);
      await opened.client.connect(CONNECT_TIMEOUT_MS);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  private constructor(config: Config, log: Log, authors: Authors) {
    this.#config = config;
    this.#log = log;
    this.#authors = authors;
    this.#server = new OvsdbServer({
      limits: config.dbLimits,
      probeIntervalMs: config.dbInactivityProbe,
      identify: clientName,
      denied: (author, method, reason) => author && authors.denied?.(author, method, reason),
      // what clients do is not the agent's concern; the text of an internal error contains its stack
      log: ({ level, event, error: _, ...more }) =>
        log[level === 'info' ? 'debug' : level]('ovsdb', { what: event, ...more }),
    });
    this.#database = this.#openOrRead();
    this.#server.add(this.#database);
    this.remote = ownRemote(config).replace(/^punix:/, 'unix:');
    this.client = new OvsdbClient(this.remote, { dial: async () => this.#server.attach() });
  }

  get trouble(): CompatError | undefined {
    return this.#trouble;
  }

  onTrouble(changed: () => void): void {
    this.#changed = changed;
  }

  tookNothing(why: Error): boolean {
    if (this.#trouble) return false;
    const before = this.#database;
    this.#server.replace(this.#read(why));
    before.close();
    this.#changed();
    return true;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopTrying();
    this.client.close();
    await this.#server.close();
    this.#database.close();
  }

  #openFile(): Database {
    const { database: file } = this.#config;
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    const committed: DatabaseOptions['committed'] = (author, changes) => this.#authors.committed(author, changes);
    return Database.open({ file, schema: this.#schema, fixedSchema: true, committed });
  }

  #openOrRead(): Database {
    try {
      return this.#openFile();
    } catch (error) {
      if (error instanceof StoreError && NOT_OURS.has(error.code))
        throw new CompatError('VC-DB-OPEN', error.message, { file: this.#config.database }, { cause: error });
      return this.#read(error as Error);
    }
  }

  /** What the file holds, as far as that can be read, in memory. */
  #read(why: Error): Database {
    const { database: file } = this.#config;
    const text = `Cannot write to database ${file}: ${why.message}`;
    const frozen = `${text} [VC-DB-UNWRITABLE]`;
    const { database, isRead } = Database.snapshot({ file, schema: this.#schema, fixedSchema: true, frozen });
    const code = isRead ? 'VC-DB-UNWRITABLE' : 'VC-DB-UNREADABLE';
    const shown = isRead ? 'what it holds is served' : 'it cannot be read either, and no interface is shown';
    const served = `${shown}, and the relay process serves what it was ordered before`;
    this.#trouble = new CompatError(code, `${text}; ${served}`, { file }, { cause: why });
    this.#database = database;
    this.#later();
    return database;
  }

  #later(): void {
    this.#timer = setTimeout(() => this.#tryAgain(), this.#backoff.next());
  }

  #tryAgain(): void {
    let opened: Database | undefined;
    try {
      opened = this.#openFile();
      opened.prove();
    } catch (error) {
      opened?.close();
      this.#log.debug('database-unwritable', { error: (error as Error).message });
      this.#later();
      return;
    }
    const before = this.#database;
    this.#database = opened;
    this.#trouble = undefined;
    this.#server.replace(opened);
    before.close();
    this.#changed();
  }
}
