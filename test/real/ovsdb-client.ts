import type { Json } from '../../rpc/json/json-value.ts';
import { type Peer, type Peers, run } from '../peers/process.ts';

const DATABASE = 'Vhost_Compat';

/** One table as `ovsdb-client --format=json` prints it. */
interface PrintedTable {
  readonly caption?: string;
  readonly headings: readonly string[];
  readonly data: readonly (readonly Json[])[];
}

export type PrintedRow = Readonly<Record<string, Json>>;

/** The stock command line client, on the `Vhost_Compat` database of one server. */
export class StockClient {
  readonly #peers: Peers;
  readonly #remote: string;

  constructor(peers: Peers, remote: string) {
    this.#peers = peers;
    this.#remote = remote;
  }

  /** `ovsdb-client COMMAND REMOTE ARGS`; what it printed. */
  async run(command: string, ...args: string[]): Promise<string> {
    return await run('ovsdb-client', [command, this.#remote, ...args]);
  }

  /** The rows of a table. */
  async dump(table: string, ...columns: string[]): Promise<PrintedRow[]> {
    const args = ['--format=json', 'dump', this.#remote, DATABASE, table, ...columns];
    return rowsOf(JSON.parse(await run('ovsdb-client', args)) as PrintedTable);
  }

  /** The results of a transaction, one for each operation that was tried. */
  async transact(...operations: Json[]): Promise<Json[]> {
    return JSON.parse(await this.run('transact', JSON.stringify([DATABASE, ...operations]))) as Json[];
  }

  /** As `transact`, for one that has to wait: the process that waits, and logs each message that it sends. */
  startTransact(...operations: Json[]): Peer {
    return this.#peers.start('ovsdb-client', [
      '-v',
      'transact',
      this.#remote,
      JSON.stringify([DATABASE, ...operations]),
    ]);
  }

  monitor(table: string, ...columns: string[]): Monitor {
    const args = ['--format=json', 'monitor', this.#remote, DATABASE, table, columns.join(',')];
    return new Monitor(this.#peers.start('ovsdb-client', args, { name: 'ovsdb-client monitor' }));
  }
}

/** A running `ovsdb-client monitor`: each change is a line. */
export class Monitor {
  readonly #peer: Peer;
  #seen = 0;

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** The next lines, until one row of them satisfies `wanted`. */
  async until(wanted: (row: PrintedRow) => boolean): Promise<PrintedRow> {
    for (;;) {
      const match = await this.#peer.waitFor(/^\{.*\}\n/m, undefined, this.#seen);
      this.#seen += match.index + match[0].length;
      const found = rowsOf(JSON.parse(match[0]) as PrintedTable).find(wanted);
      if (found !== undefined) return found;
    }
  }

  async stop(): Promise<void> {
    await this.#peer.stop();
  }
}

function rowsOf(table: PrintedTable): PrintedRow[] {
  return table.data.map((cells) => Object.fromEntries(table.headings.map((name, i) => [name, cells[i] ?? null])));
}
