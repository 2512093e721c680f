import { firstNames } from '../../../base/text.ts';
import { Transaction } from '../engine/ovsdb-transaction.ts';
import { type Row, TableRows, type Tables } from '../engine/table-rows.ts';
import { type Datum, datumFromJson, datumToJson } from '../notation/notation.ts';
import { OvsdbError } from '../notation/ovsdb-error.ts';
import {
  type ColumnSchema,
  type DatabaseSchema,
  type TableSchema,
  UUID_INDEX,
  VERSION_INDEX,
} from '../notation/schema.ts';
import { StoreError } from './store.ts';

export function emptyTables(schema: DatabaseSchema): Tables {
  return new Map([...schema.tables].map(([name, table]) => [name, new TableRows(table)]));
}

/**
 * The rows in the tables of another schema, as `convert` of ovsdb-server(7) makes them: a value stays if the new type can read
 * its JSON; columns that the new schema lacks are dropped, those it adds have their default. Then all checks of a commit
 * follow, garbage collection included. @throws OvsdbError
 */
export function convertTables(tables: Tables, schema: DatabaseSchema): Tables {
  const converted = emptyTables(schema);
  const txn = new Transaction(converted);
  for (const [name, table] of converted) {
    const old = tables.get(name);
    if (old === undefined) continue;
    const convert = rowConverter(old.schema, table.schema);
    for (const row of old.rows.values()) txn.insert(table, row.uuid, convert(row));
  }
  txn.prepare();
  txn.finish();
  return converted;
}

function rowConverter(from: TableSchema, to: TableSchema): (row: Row) => Datum[] {
  const pairs = from.columnList.flatMap((column): [ColumnSchema, ColumnSchema][] => {
    const same = to.columns.get(column.name);
    return same === undefined || column.index === UUID_INDEX || column.index === VERSION_INDEX ? [] : [[column, same]];
  });
  return (row) => {
    const fields = to.defaults();
    for (const [column, { index, type }] of pairs) {
      const old = row.fields[column.index] as Datum;
      fields[index] = datumFromJson(datumToJson(old, column.type), type);
    }
    return fields;
  };
}

interface Convertible {
  readonly schema: DatabaseSchema;
  convert(schema: DatabaseSchema): void;
}

/**
 * Converts a file that was just opened to the wanted schema, a newer version of the same database.
 * @throws StoreError if it is another one, an older one, or the rows do not fit; the file is unchanged then
 */
export function convertAtOpen(database: Convertible, wanted: DatabaseSchema, file: string): void {
  const stored = database.schema;
  const refused = (code: StoreError['code'], saw: string, cause?: unknown): StoreError =>
    new StoreError(code, `Cannot open database ${file}: saw ${saw}; wanted ${named(wanted)}`, { cause });
  if (stored.name !== wanted.name) throw refused('OVSDB-STORE-FOREIGN', named(stored));
  const order = compareVersions(stored.version, wanted.version);
  if (order > 0) throw refused('OVSDB-STORE-NEWER', `the newer ${named(stored)}`);
  if (order === 0) {
    throw refused('OVSDB-STORE-INCOMPATIBLE', `another schema under the same version, ${named(stored)}`);
  }
  try {
    database.convert(wanted);
  } catch (error) {
    if (!(error instanceof OvsdbError)) throw error;
    if (error.kind === 'ioError') throw refused('OVSDB-STORE-UNREADABLE', `${error.details}`, error);
    throw refused('OVSDB-STORE-INCOMPATIBLE', `${named(stored)}, which cannot be converted (${error.message})`, error);
  }
}

/**
 * Checks that the rows of a file mean the same with the wanted schema. A later release only adds to a schema: what lacks
 * something is another one, whose rows would mean something else here. @throws StoreError
 */
export function checkAdoptable(stored: DatabaseSchema, wanted: DatabaseSchema, file: string): void {
  if (isNewer(wanted, stored)) return;
  const missing = [...wanted.tables].flatMap(([name, { columns }]) =>
    [...columns.keys()].flatMap((column) =>
      stored.tables.get(name)?.columns.has(column) ? [] : [`${name}.${column}`],
    ),
  );
  if (missing.length === 0) return;
  const text = `Cannot read database ${file}: its schema lacks ${firstNames(missing, 5)}`;
  throw new StoreError('OVSDB-STORE-INCOMPATIBLE', text);
}

function named({ name, version }: DatabaseSchema): string {
  return `database ${name} ${version === '' ? 'without version' : version}`;
}

export function isNewer(a: DatabaseSchema, b: DatabaseSchema): boolean {
  return compareVersions(a.version, b.version) > 0;
}

function compareVersions(a: string, b: string): number {
  const parts = (version: string): number[] => version.split('.').map(Number);
  const [x, y] = [parts(a), parts(b)];
  return x.map((part, i) => part - (y[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}
