import type { Json, JsonObject } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import type { Tables } from '../engine/table-rows.ts';
import { WorkBudget } from '../engine/work-budget.ts';
import { toUuid, ZERO_UUID } from '../notation/atoms.ts';
import { syntaxError } from '../notation/ovsdb-error.ts';
import { MonitoredData, type MonitorKind, type SeenChange } from './monitor.ts';
import type { MonitorContents } from './monitor-contents.ts';
import type { MonitorHistory } from './monitor-history.ts';

/** `<table-updates>`, serialised once for all monitors that get them. */
export class MonitorUpdate {
  readonly json: JsonObject;
  /** The last transaction that the update covers. */
  readonly txnId: string;
  #text: string | undefined;
  #message: { readonly head: string; readonly bytes: Buffer } | undefined;

  constructor(json: JsonObject, txnId: string) {
    this.json = json;
    this.txnId = txnId;
  }

  get text(): string {
    this.#text ??= stringifyJson(this.json);
    return this.#text;
  }

  /** Rows whose text is still to be made: none. */
  readonly length = 0;

  /** As `MonitorContents` gives its text. */
  *pieces(): Generator<string, void> {
    yield this.text;
  }

  /** The notification for a monitor. Clients of one kind mostly use the same id, so the last message is cached. */
  message(kind: MonitorKind, id: string): Buffer {
    const head = `{"id":null,"method":"${kind}","params":[${id},${kind === 'update3' ? `"${this.txnId}",` : ''}`;
    if (this.#message?.head !== head) this.#message = { head, bytes: Buffer.from(`${head}${this.text}]}`) };
    return this.#message.bytes;
  }
}

export interface MonitorRequest {
  readonly kind: MonitorKind;
  readonly requests: Json;
  /** For `update3`: the last transaction that the client knows. */
  readonly since?: Json;
  /** What it may cost to begin it or to change its conditions, in the unit of `WorkBudget`. Default: without limit. */
  readonly work?: number | undefined;
}

/** What a monitor begins with: its contents, or the changes that its client has missed. */
type Beginning = MonitorContents | MonitorUpdate;

/** A monitor that runs. */
export interface Monitor {
  readonly initial: Beginning;
  /** Whether `initial` holds only what is new since the requested transaction. */
  readonly found: boolean;
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
  initial?: Beginning | undefined;
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
    const missed = kind === 'update3' ? this.#missed(since ?? null, watch) : undefined;
    const start = missed ?? this.#initial(watch, new WorkBudget(work));
    // A listener of its own, so that the same function may listen twice.
    const member: Send = (update) => send(update);
    let group = this.#join(watch, member);
    return {
      initial: start,
      found: missed !== undefined,
      change: (wanted) => {
        const next = group.watch.withConditions(wanted, this.#tables);
        if (next.key === group.watch.key) return undefined;
        const json = group.watch.difference(next, new WorkBudget(work));
        const update = json && new MonitorUpdate(json, this.#history.lastId(next));
        this.#leave(group, member);
        group = this.#join(next, member);
        return update;
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

  /** The changes since a transaction, if all are known. @throws OvsdbError if the id is no UUID */
  #missed(since: Json, watch: MonitoredData): Beginning | undefined {
    if (typeof since !== 'string') throw syntaxError(since, 'last-txn-id must be string');
    const id = toUuid(since);
    if (id === undefined) throw syntaxError(since, 'last-txn-id must be UUID format.');
    const changes = id === ZERO_UUID ? undefined : this.#history.since(id, watch);
    return changes && new MonitorUpdate(watch.updates(changes) ?? {}, this.#history.lastId(watch));
  }

  #initial(watch: MonitoredData, work: WorkBudget): Beginning {
    const group = this.#groups.get(watch.key);
    const initial = group?.initial ?? watch.initial(this.#history.lastId(watch), work);
    if (group !== undefined) group.initial = initial; // after a restart, all clients come at once with the same request
    return initial;
  }

  /** Sends one committed transaction to the monitors that see it. */
  tell(changes: readonly SeenChange[], txnId: string): void {
    for (const group of [...this.#groups.values()]) {
      group.initial = undefined;
      const json = group.watch.updates(changes);
      if (json === undefined) continue;
      const update = new MonitorUpdate(json, txnId);
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
