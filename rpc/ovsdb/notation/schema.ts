import type { Json, JsonObject } from '../../json/json-value.ts';
import { type BaseType, type ColumnType, scalar, UNLIMITED_COUNT } from './column-type.ts';
import { checkAtom } from './constraints.ts';
import { type Datum, defaultDatum } from './notation.ts';
import { canonicalText, OvsdbError, syntaxError } from './ovsdb-error.ts';
import { compareText, isId } from './ovsdb-text.ts';
import { MemberParser } from './parser.ts';
import { typeFromJson, typeToJson } from './type-json.ts';

/** `<column-schema>` of RFC 7047, section 3.2. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: ColumnType;
  readonly mutable: boolean;
  /** Lost at a restart. */
  readonly ephemeral: boolean;
  /** Position in a row's fields: 0 is `_uuid`, 1 is `_version`. */
  readonly index: number;
  readonly default: Datum;
}

export const UUID_INDEX = 0;
export const VERSION_INDEX = 1;

/** `<table-schema>` of RFC 7047, section 3.2. */
export class TableSchema {
  readonly name: string;
  readonly isRoot: boolean;
  /** Has no effect, as in ovsdb-server. */
  readonly mutable: boolean;
  /** Infinity when the schema sets none. */
  readonly maxRows: number;
  /** By name, `_uuid` and `_version` first, the others sorted. */
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  /** The same columns, each at its index. */
  readonly columnList: readonly ColumnSchema[];
  /** 0, 1, 2 … */
  readonly allIndexes: readonly number[];
  /** Columns whose type does not permit their default: 0 may be outside the range, "" too short. */
  readonly badDefaults: readonly ColumnSchema[];
  readonly indexes: readonly (readonly ColumnSchema[])[];
  readonly strongColumns: readonly ColumnSchema[];
  readonly weakColumns: readonly ColumnSchema[];

  constructor(parts: TableDraft) {
    this.name = parts.name;
    this.isRoot = parts.isRoot;
    this.mutable = parts.mutable;
    this.maxRows = parts.maxRows;
    this.columnList = parts.columnList;
    this.columns = new Map(parts.columnList.map((column) => [column.name, column]));
    this.allIndexes = parts.columnList.map(({ index }) => index);
    this.badDefaults = parts.columnList.filter((column) => !isPermitted(column));
    this.indexes = parts.indexes;
    this.strongColumns = parts.columnList.filter((column) => refersBy(column, 'strong'));
    this.weakColumns = parts.columnList.filter((column) => refersBy(column, 'weak'));
  }

  /** A row's fields when nothing is set. */
  defaults(): Datum[] {
    return this.columnList.map((column) => column.default);
  }
}

function isPermitted(column: ColumnSchema): boolean {
  try {
    checkDefault(column);
    return true;
  } catch {
    return false;
  }
}

/** Checks a column's default against its type. @throws OvsdbError constraint */
export function checkDefault({ type, default: { keys, values } }: ColumnSchema): void {
  for (const key of keys) checkAtom(key, type.key);
  if (type.value !== undefined) for (const value of values) checkAtom(value, type.value);
}

function baseTypes({ type }: Pick<ColumnSchema, 'type'>): BaseType[] {
  return type.value === undefined ? [type.key] : [type.key, type.value];
}

function refersBy(column: Pick<ColumnSchema, 'type'>, refType: 'strong' | 'weak'): boolean {
  return baseTypes(column).some((base) => base.refType === refType);
}

/** `<database-schema>` of RFC 7047, section 3.2. */
export class DatabaseSchema {
  readonly name: string;
  /** `x.y.z`, or empty in schemas older than the member. */
  readonly version: string;
  readonly cksum: string;
  readonly tables: ReadonlyMap<string, TableSchema>;

  private constructor(name: string, version: string, cksum: string, tables: readonly TableSchema[]) {
    this.name = name;
    this.version = version;
    this.cksum = cksum;
    this.tables = new Map(tables.map((table) => [table.name, table]));
  }

  /** Reads the parsed text of an `.ovsschema` file. @throws OvsdbError syntax, with ovsdb-server's words */
  static fromJson(json: unknown): DatabaseSchema {
    const parser = new MemberParser(json as Json, 'database schema');
    const name = parser.required('name', 'id');
    const version = parser.optional('version', 'string') ?? '';
    const cksum = parser.optional('cksum', 'string') ?? '';
    const tables = parser.required('tables', 'object');
    parser.finish();
    if (parser.json !== undefined && Object.hasOwn(parser.json, 'version') && !/^\d+\.\d+\.\d+$/.test(version)) {
      throw syntaxError(parser.json, `schema version "${version}" not in format x.y.z`);
    }
    const drafts = sortedEntries(tables).map(([table, text]) => {
      checkName(table, parser.json);
      return tableFromJson(text, table);
    });
    // Schemas older than garbage collection have no isRoot at all: all their tables are root tables.
    const rootless = drafts.every((draft) => !draft.isRoot);
    const roots = new Map(drafts.map((draft) => [draft.name, rootless || draft.isRoot]));
    const finished = drafts.map((draft) => finishTable(draft, roots));
    return new DatabaseSchema(name, version, cksum, finished);
  }

  /** The canonical schema, as ovsdb-server answers `get_schema`. */
  toJson(): JsonObject {
    const allRoot = [...this.tables.values()].every((table) => table.isRoot);
    return {
      ...(this.cksum === '' ? {} : { cksum: this.cksum }),
      name: this.name,
      tables: Object.fromEntries([...this.tables.values()].map((table) => [table.name, tableToJson(table, allRoot)])),
      ...(this.version === '' ? {} : { version: this.version }),
    };
  }

  /** Whether both have the same canonical form. */
  equals(other: DatabaseSchema): boolean {
    return canonicalText(this.toJson()) === canonicalText(other.toJson());
  }
}

function sortedEntries(object: JsonObject): [string, Json][] {
  return Object.entries(object).sort(([a], [b]) => compareText(a, b));
}

function checkName(name: string, json: Json | undefined): void {
  if (name.startsWith('_')) throw syntaxError(json, 'names beginning with "_" are reserved');
  if (!isId(name)) throw syntaxError(json, 'name must be a valid id');
}

type TableDraft = Pick<TableSchema, 'name' | 'isRoot' | 'mutable' | 'maxRows' | 'columnList' | 'indexes'>;

const STANDARD_COLUMNS: readonly ColumnSchema[] = [
  column('_uuid', UUID_INDEX, { mutable: false, ephemeral: false }, scalar('uuid')),
  column('_version', VERSION_INDEX, { mutable: false, ephemeral: true }, scalar('uuid')),
];

function column(
  name: string,
  index: number,
  traits: Pick<ColumnSchema, 'mutable' | 'ephemeral'>,
  type: ColumnType,
): ColumnSchema {
  return { name, index, ...traits, type, default: defaultDatum(type) };
}

function tableFromJson(json: Json, name: string): TableDraft {
  const parser = new MemberParser(json, `table schema for table ${name}`);
  const columns = parser.required('columns', 'object');
  const mutable = parser.optional('mutable', 'boolean') ?? true;
  const maxRows = parser.optional('maxRows', 'integer');
  const isRoot = parser.optional('isRoot', 'boolean') ?? false;
  const indexes = parser.optional('indexes', 'array') ?? [];
  parser.finish();
  if (maxRows !== undefined && maxRows <= 0) throw syntaxError(json, 'maxRows must be at least 1');
  if (Object.keys(columns).length === 0) throw syntaxError(json, 'table must have at least one column');
  const columnList = [...STANDARD_COLUMNS];
  for (const [columnName, text] of sortedEntries(columns)) {
    checkName(columnName, json);
    columnList.push(columnFromJson(text, columnName, columnList.length));
  }
  return {
    name,
    isRoot,
    mutable,
    maxRows: maxRows === undefined || maxRows >= UNLIMITED_COUNT ? Infinity : Number(maxRows),
    columnList,
    indexes: indexes.map((index) => indexFromJson(index, columnList, json)),
  };
}

function columnFromJson(json: Json, name: string, index: number): ColumnSchema {
  const parser = new MemberParser(json, `schema for column ${name}`);
  const mutable = parser.optional('mutable', 'boolean') ?? true;
  const ephemeral = parser.optional('ephemeral', 'boolean') ?? false;
  const typeJson = parser.required('type', 'string', 'object');
  parser.finish();
  const type = typeFromJson(typeJson);
  // A weak reference must be able to change when its target is deleted.
  return column(name, index, { mutable: mutable || refersBy({ type }, 'weak'), ephemeral }, type);
}

function indexFromJson(json: Json, columnList: readonly ColumnSchema[], table: Json): ColumnSchema[] {
  const columns = columnSetFromJson(json, new Map(columnList.map((one) => [one.name, one])));
  if (columns.length === 0) throw syntaxError(table, 'index must have at least one column');
  for (const { name, ephemeral } of columns) {
    if (ephemeral) throw syntaxError(table, `ephemeral columns (such as ${name}) may not be indexed`);
  }
  return columns;
}

/** An array of distinct column names. @throws OvsdbError */
export function columnSetFromJson(json: Json, columns: ReadonlyMap<string, ColumnSchema>): ColumnSchema[] {
  const expected = 'array of distinct column names expected';
  if (!Array.isArray(json)) throw syntaxError(json, expected);
  const found = new Set<ColumnSchema>();
  for (const name of json) {
    if (typeof name !== 'string') throw syntaxError(json, expected);
    const one = columns.get(name);
    if (one === undefined) throw syntaxError(json, `${name} is not a valid column name`);
    if (found.has(one)) throw syntaxError(json, expected);
    found.add(one);
  }
  return [...found];
}

/** Checks that references have a table, and makes columns durable that must be. @throws OvsdbError */
function finishTable(draft: TableDraft, roots: ReadonlyMap<string, boolean>): TableSchema {
  const columnList = draft.columnList.map((one) => {
    let { ephemeral } = one;
    baseTypes(one).forEach((base, i) => {
      if (base.refTable === undefined) return;
      const root = roots.get(base.refTable);
      if (root === undefined) {
        const details = `column ${one.name} ${i === 0 ? 'key' : 'value'} refers to undefined table ${base.refTable}`;
        throw new OvsdbError('syntax', details);
      }
      // The reference may be all that keeps its target alive: after a restart that row would be gone.
      if (base.refType === 'strong' && !root) ephemeral = false;
    });
    return { ...one, ephemeral };
  });
  return new TableSchema({
    ...draft,
    isRoot: roots.get(draft.name) ?? false,
    columnList,
    indexes: draft.indexes.map((index) => index.map((one) => columnList[one.index] as ColumnSchema)),
  });
}

function tableToJson(table: TableSchema, allRoot: boolean): JsonObject {
  const columns = table.columnList.filter((one) => !one.name.startsWith('_'));
  return {
    columns: Object.fromEntries(columns.map((one) => [one.name, columnToJson(one)])),
    ...(table.indexes.length === 0 ? {} : { indexes: table.indexes.map((index) => index.map((one) => one.name)) }),
    ...(table.mutable ? {} : { mutable: false }),
    ...(table.isRoot === allRoot ? {} : { isRoot: table.isRoot }),
    ...(table.maxRows === Infinity ? {} : { maxRows: table.maxRows }),
  };
}

function columnToJson({ type, mutable, ephemeral }: ColumnSchema): JsonObject {
  return { ...(ephemeral ? { ephemeral } : {}), ...(mutable ? {} : { mutable }), type: typeToJson(type) };
}
