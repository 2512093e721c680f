import type { Log } from '../../base/log.ts';
import type { ReplicaChange } from '../../rpc/ovsdb/client/replica.ts';
import { isIntentColumn, isStatusColumn } from '../../rpc/state/model/tables.ts';
import { readInterface } from '../../rpc/state/read-rows.ts';
import type { State } from '../../rpc/state/state.ts';
import { writeCurCfg } from './cur-cfg.ts';
import type { LocalVersions } from './host-versions.ts';
import type { Interfaces } from './interfaces.ts';
import type { OwnHostRow } from './own-host-row.ts';
import type { PendingWrites } from './pending-writes.ts';
import type { Publisher } from './publisher.ts';

/** The pause before a reconciliation is retried that the database did not take. */
const RETRY_MS = 1000;

/** Back-ends change many at a time, as when a switch restarts: one reconciliation publishes them all. */
const BACKENDS_MS = 50;

interface ReconcilerParts {
  readonly log: Log;
  readonly state: State;
  readonly hostRow: OwnHostRow;
  readonly versions: LocalVersions;
  readonly interfaces: Interfaces;
  readonly publisher: Publisher;
  readonly writes: Pick<PendingWrites, 'settled' | 'update'>;
  /** Makes the Host row when there is none. */
  readonly prepare: () => Promise<unknown>;
  /** Whether that was done at the start. */
  readonly isPrepared: boolean;
}

/** Makes ports and published rows what the rows of the database say, after each change of either. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  #scheduled = false;
  /** By pause, milliseconds: each runs once for all that asked for it meanwhile. */
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #running: Promise<void> | undefined;
  #isPrepared: boolean;
  #stopped = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#isPrepared = parts.isPrepared;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /**
   * Rows have changed. Our own writes of status need no reconciliation; what a client writes to the rows that the agent
   * publishes is put right a little later, so that no client keeps the agent busy with that.
   */
  rowsChanged(changes: readonly ReplicaChange[]): void {
    if (changes.some((change) => isIntent(change) || isAboutProblems(change))) this.schedule();
    else if (!changes.every(isStatusOnly)) this.#scheduleAfter(BACKENDS_MS);
    else
      for (const { table, new: row } of changes)
        if (table === 'Interface' && row) this.#parts.interfaces.refresh(readInterface(row));
  }

  backendsChanged(): void {
    this.#scheduleAfter(BACKENDS_MS);
  }

  /** Reconciles once for everything that happens within one turn of the event loop. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.run().catch((error: unknown) => this.#parts.log.error('reconcile-failed', { error }));
    });
  }

  async run(): Promise<void> {
    if (this.#running) {
      // that one may have read the rows already: once more when it is done
      void this.#running.finally(() => this.schedule());
      return;
    }
    this.#running = this.#reconcile();
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Makes the Host row when there is none, in a database that may be new or another one than before. */
  async prepare(): Promise<void> {
    try {
      if (!(await this.#parts.hostRow.restore())) await this.#parts.prepare();
      this.#isPrepared = true;
    } catch (error) {
      this.#isPrepared = false;
      this.#parts.log.warn('database-refused', { error: (error as Error).message });
      this.#scheduleAfter(RETRY_MS);
    }
  }

  async #reconcile(): Promise<void> {
    const { state, hostRow, versions, interfaces, publisher, writes } = this.#parts;
    if (this.#stopped) return;
    if (!this.#isPrepared && state.client.connected) await this.prepare();
    const host = hostRow.find();
    if (!host) {
      // Somebody removed it or gave it another name, or the database came back empty.
      if (state.client.connected) await this.prepare();
      this.#scheduleAfter(RETRY_MS);
      return;
    }
    const [published, wanted] = [state.versions(host), state.interfaces(host)];
    await versions.update(host, published, wanted);
    // Nothing follows from what these rows lack: the relay process goes by its last orders. That stands in the row, because
    // the database may be another one than these rows come from.
    if (host.problems.has('VC-DB-UNREADABLE')) {
      await publisher.publish(host, published, versions.entries, interfaces.views());
      return;
    }
    const isCarriedOut = await interfaces.sync(wanted, versions.entries, versions.default);
    const isPublished = await publisher.publish(host, state.versions(host), versions.entries, interfaces.views());
    if (!(await writeCurCfg(host, isCarriedOut && isPublished, writes))) this.#scheduleAfter(RETRY_MS);
  }

  #scheduleAfter(ms: number): void {
    if (this.#timers.has(ms)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(ms);
      this.schedule();
    }, ms);
    this.#timers.set(ms, timer);
  }
}

function isIntent({ table, columns }: ReplicaChange): boolean {
  return table !== 'Compat_Version' && columns.some((column) => isIntentColumn(table, column));
}

/** While the row of the host says that the rows are not those of the database nothing is carried out. */
function isAboutProblems({ table, kind, columns }: ReplicaChange): boolean {
  return table === 'Host' && kind === 'modify' && columns.includes('problems');
}

function isStatusOnly({ table, kind, columns }: ReplicaChange): boolean {
  return kind === 'modify' && columns.every((column) => isStatusColumn(table, column));
}
