import { Backoff } from '../../base/backoff.ts';
import { shortened } from '../../base/text.ts';
import { mapInTurns } from '../../base/turns.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { stringifyJson } from '../../rpc/json/stringify.ts';
import type { ReplicaChange, ReplicaRow } from '../../rpc/ovsdb/client/replica.ts';
import { columnShapes, decodeValue, type OvsValue, sameValue } from '../../rpc/ovsdb/notation/values.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { isStatusColumn } from '../../rpc/state/model/tables.ts';
import { loadSchemaText } from '../../rpc/state/schema-file.ts';
import type { Authors } from './authors.ts';
import type { ClientChanges } from './client-changes.ts';
import type { PendingWrites } from './pending-writes.ts';

/** The tables with status columns. */
type OwnedTable = 'Host' | 'Interface';

/** The pauses before changed rows are looked at: meanwhile our own writes arrive, and a client that fights gets tired. */
const PAUSES = { firstMs: 50, longestMs: 2000 };
/** After so long without a row to put right the next one is put right at once, milliseconds. */
const CALM_MS = 2500;
/** The most characters of a value in an event. */
const MAX_SHOWN = 120;

export interface OwnedRowsParts {
  readonly writes: Pick<PendingWrites, 'update' | 'settled'>;
  readonly authors: Pick<Authors, 'ofColumn'>;
  readonly changes: Pick<ClientChanges, 'tell'>;
  /** A row as the database has it. */
  readonly row: (table: OwnedTable, uuid: string) => ReplicaRow | undefined;
}

interface OwnedRow {
  readonly table: OwnedTable;
  /** How events name it. */
  readonly name: string;
  /** What its status columns are to hold. */
  readonly wanted: Record<string, Json>;
  /** The number of its last write. */
  written: number;
  /** Writes of others that are under way. */
  busy: number;
}

/**
 * The status columns of this host's rows, which the agent alone writes: what a client writes there is written over again, and
 * told as that client's doing. Columns are compared when our own writes have settled, so that only the last value counts.
 */
export class OwnedRows {
  readonly #parts: OwnedRowsParts;
  readonly #rows = new Map<string, OwnedRow>();
  /** The rows to look at, by UUID, and whether what is wrong with them is told. */
  readonly #suspects = new Map<string, boolean>();
  readonly #backoff = new Backoff(PAUSES);
  #lastWrong = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #writes = 0;
  /** False from the end of a connection until the rows are those of the next one. */
  #isCurrent = true;
  /** The database may come back with other rows, which is nobody's doing. */
  #tells = true;
  #closed = false;

  constructor(parts: OwnedRowsParts) {
    this.#parts = parts;
  }

  /**
   * Owns a row from now on. `wanted`: what its status columns are to hold, as long as nothing else is written. `tells`: what is
   * otherwise now is somebody's doing.
   */
  own(table: OwnedTable, uuid: string, name: string, wanted: Columns, tells = true): void {
    if (this.#rows.has(uuid)) return;
    this.#rows.set(uuid, { table, name, wanted: {}, written: 0, busy: 0 });
    this.#wants(uuid, wanted);
    this.#suspect(uuid, { tells: tells && this.#tells });
  }

  /** What a column is to hold; undefined: that is not known. */
  wanted(uuid: string, column: string): Json | undefined {
    return this.#rows.get(uuid)?.wanted[column];
  }

  disown(uuid: string): void {
    this.#rows.delete(uuid);
    this.#suspects.delete(uuid);
  }

  /** Sets columns of a row. */
  update(table: string, uuid: string, columns: Columns): void {
    this.#wants(uuid, columns);
    this.#parts.writes.update(table, uuid, columns);
  }

  /** The same for who writes them himself, and calls the result when that has ended. */
  writing(uuid: string, columns: Columns): () => void {
    this.#wants(uuid, columns);
    const owned = this.#rows.get(uuid);
    if (owned) owned.busy += 1;
    return () => {
      if (owned) owned.busy -= 1;
    };
  }

  #wants(uuid: string, columns: Columns): void {
    const owned = this.#rows.get(uuid);
    if (!owned) return;
    const status = Object.entries(columns).filter(([column]) => isStatusColumn(owned.table, column));
    Object.assign(owned.wanted, Object.fromEntries(status));
    owned.written = ++this.#writes;
  }

  settled(): Promise<boolean> {
    return this.#parts.writes.settled();
  }

  rowsChanged(changes: readonly ReplicaChange[]): void {
    for (const { uuid, kind, columns } of changes) {
      const owned = this.#rows.get(uuid);
      if (!owned) continue;
      // an interface comes back with its database, a host gets another row
      if (kind === 'delete' && owned.table === 'Host') this.disown(uuid);
      else if (kind !== 'delete' && columns.some((column) => Object.hasOwn(owned.wanted, column))) this.#suspect(uuid);
    }
  }

  disconnected(): void {
    this.#isCurrent = false;
    this.#tells = false;
    for (const uuid of this.#suspects.keys()) this.#suspects.set(uuid, false);
  }

  /** The rows are those of a new connection; `rowsChanged` is called in this turn with what differs. */
  synchronised(): void {
    this.#isCurrent = true;
    queueMicrotask(() => {
      this.#tells = this.#isCurrent;
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** `pauseMs`: the least before it is looked at. */
  #suspect(uuid: string, { tells = this.#tells, pauseMs: least = 0 } = {}): void {
    this.#suspects.set(uuid, (this.#suspects.get(uuid) ?? true) && tells);
    if (this.#timer !== undefined || this.#closed) return;
    if (performance.now() - this.#lastWrong > CALM_MS) this.#backoff.reset();
    const pauseMs = this.#backoff.failures === 0 ? PAUSES.firstMs : this.#backoff.next();
    this.#timer = setTimeout(() => void this.#look(), Math.max(pauseMs, least));
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const before = this.#writes;
    const isSettled = this.#isCurrent && (await this.settled()) && this.#isCurrent;
    const suspects = [...this.#suspects];
    this.#suspects.clear();
    await mapInTurns(suspects, ([uuid, tells]) => {
      const owned = this.#rows.get(uuid);
      // what is not written yet cannot be told from what was changed
      if (owned && isSettled && owned.busy === 0 && owned.written <= before) this.#compare(uuid, owned, tells);
      else if (owned) this.#suspects.set(uuid, tells);
    });
    this.#timer = undefined;
    // a database that takes no writes, or is away, is not asked all the time
    const pauseMs = isSettled ? 0 : PAUSES.longestMs;
    for (const [uuid, tells] of this.#suspects) this.#suspect(uuid, { tells, pauseMs });
  }

  #compare(uuid: string, owned: OwnedRow, tells: boolean): void {
    const row = this.#parts.row(owned.table, uuid);
    const wrong = row ? Object.keys(owned.wanted).filter((column) => !holds(owned, column, row)) : [];
    if (!row || wrong.length === 0) return;
    if (this.#backoff.failures === 0) this.#backoff.next();
    this.#lastWrong = performance.now();
    if (tells) this.#tell(uuid, owned, wrong, row);
    const right = wrong.map((column) => [column, owned.wanted[column] ?? null]);
    this.update(owned.table, uuid, Object.fromEntries(right) as Columns);
  }

  #tell(uuid: string, { table, name, wanted }: OwnedRow, wrong: readonly string[], row: ReplicaRow): void {
    const { authors, changes } = this.#parts;
    const seen = wrong.map((column) => `${column}=${shown(row[column])}`).join(' ');
    const right = wrong
      .map((column) => `${column}=${shown(replicaValue(table, column, wanted[column] ?? null))}`)
      .join(' ');
    changes.tell({
      ...{ kind: 'row-changed', code: 'VC-ROW-CHANGED', ...(table === 'Interface' && { interface: name }) },
      text: `A client wrote to the row ${table} ${name}, what the agent alone writes: saw ${cut(seen)}; wanted ${cut(right)}`,
      details: { table, row: uuid, columns: wrong, seen: cut(seen), wanted: cut(right) },
      by: authors.ofColumn(table, wrong[0] ?? '', uuid),
    });
  }
}

function holds({ table, wanted }: OwnedRow, column: string, row: ReplicaRow): boolean {
  // an older schema has not all columns
  return !Object.hasOwn(row, column) || sameValue(replicaValue(table, column, wanted[column] ?? null), row[column]);
}

let shapes: ReturnType<typeof columnShapes> | undefined;

/** A column in OVSDB notation as a replica has it. */
function replicaValue(table: string, column: string, json: Json): OvsValue | undefined {
  shapes ??= columnShapes(JSON.parse(loadSchemaText()) as Json);
  const shape = shapes.get(table)?.get(column);
  return shape && decodeValue(json, shape);
}

function shown(value: OvsValue | undefined): string {
  if (value === undefined) return 'none';
  if (value instanceof Map) return cut(stringifyJson([...value].map(([k, v]) => `${String(k)}=${String(v)}`)));
  return cut(Array.isArray(value) ? stringifyJson([...value] as Json) : String(value));
}

function cut(text: string): string {
  return shortened(text, MAX_SHOWN);
}
