import type { Json } from '../../json/json-value.ts';
import type { Tables } from '../engine/table-rows.ts';
import { WorkBudget } from '../engine/work-budget.ts';
import { toUuid, ZERO_UUID } from '../notation/atoms.ts';
import { syntaxError } from '../notation/ovsdb-error.ts';
import { MonitoredData, type MonitorKind, type SeenChange } from './monitor.ts';
import type { MonitorHistory } from './monitor-history.ts';
import { MonitorUpdate } from './monitor-update.ts';

export type { MonitorUpdate } from './monitor-update.ts';

export interface MonitorRequest {
  readonly kind: MonitorKind;
  readonly requests: Json;
  /** For `update3`: the last transaction that the client knows. */
  readonly since?: Json;
  /** What it may cost to begin it or to change its conditions, in the unit of `WorkBudget`. Default: without limit. */
  readonly work?: number | undefined;
}

/** A monitor that runs. */
export interface Monitor {
  /** What it begins with: all that it shows, or the changes that its client has missed. */
  readonly initial: MonitorUpdate;
  /** Whether `initial` holds only what is new since the requested transaction. */
  readonly found: boolean;
  /** The requested transaction is known, but not all that this monitor shows has survived since then. */
  readonly outdated: boolean;
  /** Changes the conditions (`monitor_cond_change`); returns the update to send before the answer. @throws OvsdbError */
  change(requests: Json): MonitorUpdate | undefined;
  cancel(): void;
}

type Send = (update: MonitorUpdate) => void;

/** Monitors with equal requests. */
interface Group {
  readonly watch: MonitoredData;
  readonly members: Set<Send>;
  /** The contents as of the last transaction, once a second member asked for them. */
  initial?: MonitorUpdate | undefined;
}

/** The monitors of a database. Those with equal requests are a group, for which each update is made and written once. */
export class MonitorHub {
  readonly #tables: Tables;
  readonly #history: MonitorHistory;
  readonly #groups = new Map<string, Group>();

  constructor(tables: Tables, history: MonitorHistory) {
    this.#tables = tables;
    this.#history = history;
  }

  /** @throws OvsdbError if the request is wrong */
  add({ kind, requests, since, work }: MonitorRequest, send: Send): Monitor {
    const watch = MonitoredData.of(requests, this.#tables, kind);
    const id = kind === 'update3' ? transactionId(since ?? null) : ZERO_UUID;
    const missed = this.#missed(id, watch);
    const start = missed ?? this.#initial(watch, new WorkBudget(work));
    // A listener of its own, so that the same function may listen twice.
    const member: Send = (update) => send(update);
    let group = this.#join(watch, member);
    return {
      initial: start,
      found: missed !== undefined,
      outdated: missed === undefined && this.#history.knows(id),
      change: (wanted) => {
        const next = group.watch.withConditions(wanted, this.#tables);
        if (next.key === group.watch.key) return undefined;
        const tables = group.watch.difference(next, new WorkBudget(work));
        this.#leave(group, member);
        group = this.#join(next, member);
        return tables.length === 0 ? undefined : new MonitorUpdate(tables, this.#history.lastId(next));
      },
      cancel: () => this.#leave(group, member),
    };
  }

  #join(watch: MonitoredData, member: Send): Group {
    let group = this.#groups.get(watch.key);
    if (group === undefined) {
      group = { watch, members: new Set() };
      this.#groups.set(watch.key, group);
    }
    group.members.add(member);
    return group;
  }

  #leave(group: Group, member: Send): void {
    group.members.delete(member);
    const { key } = group.watch;
    if (group.members.size === 0 && this.#groups.get(key) === group) this.#groups.delete(key);
  }

  /** The changes since a transaction, if all are known. */
  #missed(id: string, watch: MonitoredData): MonitorUpdate | undefined {
    const changes = id === ZERO_UUID ? undefined : this.#history.since(id, watch);
    return changes && new MonitorUpdate(watch.updates(changes), this.#history.lastId(watch));
  }

  #initial(watch: MonitoredData, work: WorkBudget): MonitorUpdate {
    const group = this.#groups.get(watch.key);
    const initial = group?.initial ?? new MonitorUpdate(watch.initial(work), this.#history.lastId(watch));
    if (group === undefined) return initial;
    // after a restart, all clients come at once with the same request
    initial.share();
    group.initial = initial;
    return initial;
  }

  /** Sends one committed transaction to the monitors that see it. */
  tell(changes: readonly SeenChange[], txnId: string): void {
    for (const group of [...this.#groups.values()]) {
      group.initial = undefined;
      const tables = group.watch.updates(changes);
      if (tables.length === 0) continue;
      const update = new MonitorUpdate(tables, txnId);
      for (const send of [...group.members]) {
        try {
          send(update);
        } catch (error) {
          // The transaction is committed: a listener's bug must surface, but outside of this call.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
  }

  clear(): void {
    this.#groups.clear();
  }
}

/** The `last-txn-id` of a request. @throws OvsdbError if it is no UUID */
function transactionId(since: Json): string {
  if (typeof since !== 'string') throw syntaxError(since, 'last-txn-id must be string');
  const id = toUuid(since);
  if (id === undefined) throw syntaxError(since, 'last-txn-id must be UUID format.');
  return id;
}
