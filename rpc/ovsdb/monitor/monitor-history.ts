import { randomUUID } from 'node:crypto';
import { mapIn, type RowChange, type TableRows, type Tables } from '../engine/table-rows.ts';
import { equalDatum } from '../notation/datum-algebra.ts';
import type { Datum } from '../notation/notation.ts';
import type { MonitoredData, SeenChange } from './monitor.ts';
import { type HistoryEntry, type StoredTransaction, type UndoneRow, undoFromJson } from './undo.ts';

export interface HistoryLimits {
  /** Transactions that are kept. A client that missed more has about as much to read as a new one. */
  readonly transactions: number;
  /** Their approximate size in memory, and on the disk; a fraction of the rows of a large database. */
  readonly bytes: number;
}

const HISTORY_LIMITS: HistoryLimits = { transactions: 5000, bytes: 16 << 20 };

/**
 * The last transactions of a database, each with its id, so that `monitor_cond_since` is fast for clients that reconnect.
 * Those that changed the disk are kept there too, in the same commit, so that this holds over a restart.
 */
export class MonitorHistory {
  readonly #limits: HistoryLimits;
  #base: { readonly id: string; readonly sequence: number };
  #entries: HistoryEntry[] = [];
  #bytes = 0;
  /** The last transaction before this process began; ephemeral columns have lost all up to it. */
  readonly #restart: number;
  #lastSequence: number;
  readonly #ids = new WeakMap<readonly RowChange[], string>();

  /** `stored`: the oldest state and the transactions after it; `tables`: the rows after the last of them. */
  constructor(stored: readonly StoredTransaction[], tables: Tables, limits: HistoryLimits = HISTORY_LIMITS) {
    this.#limits = limits;
    this.#lastSequence = this.#restart = stored.at(-1)?.sequence ?? 0;
    this.#base = stored.at(-1) ?? { id: randomUUID(), sequence: this.#restart };
    this.#remember(stored, tables);
  }

  /** Undoes the stored transactions from the present rows backwards, up to the first one that cannot be undone. */
  #remember(stored: readonly StoredTransaction[], tables: Tables): void {
    const past = new Past();
    const entries: HistoryEntry[] = [];
    for (let i = stored.length - 1; i > 0; i--) {
      const { id, sequence, undo } = stored[i] as StoredTransaction;
      const changes = undoFromJson(undo, tables)?.map((change) => past.undo(change));
      if (changes === undefined || !changes.every((change) => change !== undefined)) break;
      entries.push({ id, sequence, changes, stored: true, bytes: sizeOf(changes) });
      this.#base = stored[i - 1] as StoredTransaction;
    }
    this.append(entries.reverse());
  }

  /** Gives each transaction an id, before it is written. */
  record(transactions: readonly (readonly RowChange[])[]): HistoryEntry[] {
    return transactions.map((effective) => {
      const id = randomUUID();
      this.#ids.set(effective, id);
      const changes = effective.map(({ row, before, after, columns }) => ({ row, before, after, columns }));
      const stored = effective.some(isStored);
      const bytes = sizeOf(changes);
      const kept = bytes > this.#limits.bytes ? undefined : changes;
      return { id, sequence: ++this.#lastSequence, changes: kept, stored, bytes };
    });
  }

  /** Adds transactions that were written. */
  append(entries: readonly HistoryEntry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.bytes;
    }
    this.#trim();
  }

  /** Removes a tenth more than necessary, so that it does not run at each transaction. */
  #trim(): void {
    const { transactions, bytes } = this.#limits;
    if (this.#entries.length <= transactions && this.#bytes <= bytes) return;
    let count = 0;
    for (const entry of this.#entries) {
      if (this.#entries.length - count <= transactions * 0.9 && this.#bytes <= bytes * 0.9) break;
      this.#bytes -= entry.bytes;
      this.#base = entry;
      count++;
    }
    this.#entries = this.#entries.slice(count);
  }

  /** The oldest state that a client may build on; the disk need not keep what was before. */
  get base(): { readonly id: string; readonly sequence: number } {
    return this.#base;
  }

  /** The id of a transaction that was given to `record`. */
  idOf(changes: readonly RowChange[]): string {
    return this.#ids.get(changes) ?? this.#base.id;
  }

  /** The last transaction that a monitor knows; for one without ephemeral columns, the last one on the disk. */
  lastId({ seesEphemeral }: Pick<MonitoredData, 'seesEphemeral'>): string {
    return this.#entries.findLast(({ stored }) => stored || seesEphemeral)?.id ?? this.#base.id;
  }

  knows(id: string): boolean {
    return this.#base.id === id || this.#at(id) >= 0;
  }

  #at(id: string): number {
    return this.#entries.findLastIndex((entry) => entry.id === id);
  }

  /** All changes after a transaction, one for each row; undefined unless all of them are known. */
  since(id: string, { seesEphemeral }: Pick<MonitoredData, 'seesEphemeral'>): SeenChange[] | undefined {
    const at = this.#at(id);
    if (at < 0 && this.#base.id !== id) return undefined;
    const { sequence } = this.#entries[at] ?? this.#base;
    if (sequence <= this.#restart && seesEphemeral) return undefined;
    return merge(this.#entries.slice(at + 1));
  }
}

/** Whether the change is in a column that the disk keeps. */
function isStored({ row, before, after, columns }: RowChange): boolean {
  if (before === undefined || after === undefined) return true;
  const { columnList } = row.table.schema;
  return columns.some((index) => columnList[index]?.ephemeral === false);
}

const CHANGE_BYTES = 200;
const ATOM_BYTES = 24;

/** About the memory that only these changes keep in use. */
function sizeOf(changes: readonly SeenChange[]): number {
  let bytes = CHANGE_BYTES;
  for (const { before, after, columns } of changes) {
    bytes += CHANGE_BYTES + 8 * (before ?? after ?? []).length;
    for (const fields of [before, after]) {
      for (const index of fields ? columns : []) {
        const { keys = [], values = [] } = fields?.[index] ?? {};
        bytes += ATOM_BYTES * (keys.length + values.length);
        for (const atom of keys) if (typeof atom === 'string') bytes += atom.length;
        for (const atom of values) if (typeof atom === 'string') bytes += atom.length;
      }
    }
  }
  return bytes;
}

/** Several transactions as one. */
function merge(entries: readonly HistoryEntry[]): SeenChange[] {
  if (entries.length === 1) return [...(entries[0]?.changes ?? [])];
  const merged = new Map<TableRows, Map<string, SeenChange>>();
  for (const { changes } of entries) {
    for (const change of changes ?? []) {
      const rows = mapIn(merged, change.row.table);
      const earlier = rows.get(change.row.uuid);
      rows.set(change.row.uuid, earlier === undefined ? change : { ...change, before: earlier.before });
    }
  }
  return [...merged.values()].flatMap((rows) =>
    [...rows.values()]
      .filter(({ before, after }) => before !== undefined || after !== undefined)
      .map((change) => ({ ...change, columns: differing(change) })),
  );
}

function differing({ row, before, after }: Pick<SeenChange, 'row' | 'before' | 'after'>): number[] {
  return row.table.schema.columnList
    .map(({ index }) => index)
    .filter((index) => !before || !after || !equalDatum(before[index] as Datum, after[index] as Datum));
}

/** The rows as of a former transaction. */
class Past {
  readonly #rows = new Map<TableRows, Map<string, readonly Datum[] | undefined>>();

  /** Undoes one change. Undefined if it does not fit the row: the file was changed by hand. */
  undo({ table, uuid, columns }: UndoneRow): SeenChange | undefined {
    const rows = mapIn(this.#rows, table);
    const after = rows.has(uuid) ? rows.get(uuid) : table.rows.get(uuid)?.fields;
    if (after === undefined && columns === undefined) return undefined;
    const before = columns && [...(after ?? table.schema.defaults())];
    for (const [index, datum] of columns ?? []) if (before) before[index] = datum;
    rows.set(uuid, before);
    const row = { table, uuid };
    return { row, before, after, columns: differing({ row, before, after }) };
  }
}
