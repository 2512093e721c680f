import { isJsonObject, type Json } from '../../rpc/json/json-value.ts';
import type { CommittedChange } from '../../rpc/ovsdb/database.ts';

/** The rows whose authors are remembered: those that changed last. */
const MAX_ROWS = 4000;

interface Author {
  readonly name: string;
  /**
   * What was said holds for one change: of the next one nothing is known, when a server does not say who made it.
   */
  readonly isOnce: boolean;
}

/** The name of a whole row, as one of its columns: who made or removed it. */
const ROW = '';

/**
 * Who changed which row last, from the commit to the event that tells of it. The embedded database server says it for each
 * transaction; of another server only what the clients of our own API change is known.
 */
export class Authors {
  /** By table and UUID, or the name of an interface that has no UUID yet; then by column. */
  readonly #rows = new Map<string, Map<string, Author>>();
  readonly #whoElse: string;
  /** Told when the embedded server denied what it never allows. */
  denied: ((author: string, method: string, reason: string) => void) | undefined;

  /** `whoElse`: what is said of a change whose author is not known. */
  constructor(whoElse: string) {
    this.#whoElse = whoElse;
  }

  /** The embedded server committed a transaction. */
  committed(author: string, changes: readonly CommittedChange[]): void {
    for (const { table, uuid, kind, columns } of changes) {
      const names = columns.filter((name) => !name.startsWith('_'));
      this.#note(`${table} ${uuid}`, kind === 'modify' ? names : [ROW], { name: author, isOnce: false });
    }
  }

  /** A client of the API has these operations sent over our own connection. */
  intends(name: string | undefined, operations: readonly Json[]): void {
    if (name === undefined) return;
    const author = { name, isOnce: true };
    for (const operation of operations.filter(isJsonObject)) {
      const { op, table, row, where, mutations } = operation;
      const columns = isJsonObject(row) ? Object.keys(row) : firsts(mutations);
      const key = op === 'insert' ? nameIn(row) : uuidIn(where);
      if ((op === 'insert' || op === 'update' || op === 'mutate') && key !== undefined)
        this.#note(`${String(table)} ${key}`, op === 'insert' ? [ROW] : columns, author);
      for (const uuid of removedInterfaces(mutations)) this.#note(`Interface ${uuid}`, [ROW], author);
    }
  }

  /** Who wrote this column last, or made the row. `keys`: the UUID of the row, and its name if it has one. */
  ofColumn(table: string, column: string, ...keys: string[]): string {
    for (const key of keys) {
      const row = this.#rows.get(`${table} ${key}`);
      const found = row?.get(column);
      if (found?.isOnce) row?.delete(column);
      const maker = row?.get(ROW);
      const author = found ?? (maker?.isOnce ? undefined : maker);
      if (author !== undefined) return author.name;
    }
    return this.#whoElse;
  }

  /** Who made or removed this row. */
  ofRow(table: string, ...keys: string[]): string {
    return this.ofColumn(table, ROW, ...keys);
  }

  #note(key: string, columns: readonly string[], author: Author): void {
    const known = this.#rows.get(key) ?? new Map<string, Author>();
    // who makes or removes a row has the last word about all of it
    if (columns[0] === ROW) known.clear();
    for (const column of columns) known.set(column, author);
    this.#rows.delete(key);
    this.#rows.set(key, known);
    const [oldest] = this.#rows.keys();
    if (this.#rows.size > MAX_ROWS && oldest !== undefined) this.#rows.delete(oldest);
  }
}

function firsts(mutations: Json | undefined): string[] {
  return Array.isArray(mutations) ? mutations.flatMap((one) => (Array.isArray(one) ? [String(one[0])] : [])) : [];
}

function nameIn(row: Json | undefined): string | undefined {
  return isJsonObject(row) && typeof row['name'] === 'string' ? row['name'] : undefined;
}

/** The UUID in `[["_uuid", "==", ["uuid", UUID]]]`. */
function uuidIn(where: Json | undefined): string | undefined {
  const [clause] = Array.isArray(where) ? where : [];
  const value = Array.isArray(clause) && clause[0] === '_uuid' ? clause[2] : undefined;
  return Array.isArray(value) && typeof value[1] === 'string' ? value[1] : undefined;
}

/** Of `["interfaces", "delete", ["uuid", UUID]]`. */
function removedInterfaces(mutations: Json | undefined): string[] {
  if (!Array.isArray(mutations)) return [];
  return mutations.flatMap((one) => {
    const [column, how, value] = Array.isArray(one) ? one : [];
    const removes = column === 'interfaces' && how === 'delete' && Array.isArray(value);
    return removes && value[0] === 'uuid' ? [String(value[1])] : [];
  });
}
