import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';
import type { AtomicType } from '../../../../rpc/ovsdb/notation/atoms.ts';
import type { ColumnType } from '../../../../rpc/ovsdb/notation/column-type.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import type { DatabaseSchema, TableSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import type { Chance } from './chance.ts';

/** Rows of this table are the business of the one client that behaves. */
export const MODEL = 'Model';

const INTEGERS: readonly Json[] = [0, 1, 2, 3, 5, -1, -7, 10, 11, 2 ** 53 - 1, 2n ** 63n - 1n, -(2n ** 63n)];
const REALS: readonly Json[] = [0, 1, 1.5, -1.5, 0.1, 2.5, 1e300, -1e-300, 1e15, 123456789.125];
const STRINGS: readonly Json[] = ['', 'a', 'b', 'c d', 'ab', 'abcd', 'only', 'é', '😀', '__proto__', 'x'.repeat(200)];
const FUNCTIONS = ['==', '!=', '<', '<=', '>', '>=', 'includes', 'excludes'];
const MUTATORS = ['+=', '-=', '*=', '/=', '%=', 'insert', 'delete'];
const NAMES = ['n1', 'n2', 'n3'];

/** Requests that are right in form, and mostly in sense, for one schema. */
export class Requests {
  readonly #chance: Chance;
  readonly #schema: DatabaseSchema;
  readonly #tables: readonly TableSchema[];
  /** Rows that were inserted some time. */
  readonly #known: string[] = [];

  constructor(chance: Chance, schema: DatabaseSchema) {
    this.#chance = chance;
    this.#schema = schema;
    this.#tables = [...schema.tables.values()].filter(({ name }) => name !== MODEL);
  }

  /** UUIDs in answers are worth to be asked for. */
  learn(uuid: string): void {
    this.#known[this.#chance.below(50)] = uuid;
  }

  operations(): Json[] {
    return this.#chance.some(this.#chance.pick([1, 1, 2, 3, 6]), () => this.#operation());
  }

  message(id: Json): JsonObject {
    const [method, params] = this.#chance.pick(this.#methods)();
    return { id, method, params };
  }

  readonly #methods: readonly (() => [string, Json[]])[] = [
    ...Array.from({ length: 8 }, () => (): [string, Json[]] => ['transact', [this.#schema.name, ...this.operations()]]),
    () => ['monitor', [this.#schema.name, this.#chance.below(4), this.#monitorRequests(false)]],
    () => ['monitor_cond', [this.#schema.name, this.#chance.below(4), this.#monitorRequests(true)]],
    () => [
      'monitor_cond_since',
      [this.#schema.name, this.#chance.below(4), this.#monitorRequests(true), this.#uuidText()],
    ],
    () => ['monitor_cond_change', [this.#chance.below(4), this.#chance.below(4), this.#monitorRequests(true)]],
    () => ['monitor_cancel', [this.#chance.below(4)]],
    () => [this.#chance.pick(['lock', 'steal', 'unlock']), [this.#chance.pick(NAMES)]],
    () => ['get_schema', [this.#chance.pick([this.#schema.name, '_Server', 'No'])]],
    () => [this.#chance.pick(['list_dbs', 'get_server_id', 'echo']), []],
    () => ['set_db_change_aware', [this.#chance.once(2)]],
    () => ['transact', ['_Server', { op: 'select', table: 'Database', where: [] }]],
  ];

  #operation(): Json {
    const chance = this.#chance;
    const table = chance.pick(this.#tables);
    const base = { table: table.name };
    const kinds: readonly (() => JsonObject)[] = [
      () => this.#insert(table),
      () => this.#insert(table),
      () => this.#insert(table),
      () => ({ op: 'update', ...base, where: this.#where(table), row: this.#row(table, 3) }),
      () => ({
        op: 'mutate',
        ...base,
        where: this.#where(table),
        mutations: chance.some(3, () => this.#mutation(table)),
      }),
      () => ({ op: 'delete', ...base, where: chance.once(30) ? [] : [this.#clause(table), ...this.#where(table)] }),
      () => ({
        op: 'select',
        ...base,
        where: this.#where(table),
        ...(chance.once(2) ? { columns: this.#columns(table) } : {}),
      }),
      () => ({
        op: 'wait',
        ...base,
        where: this.#where(table),
        columns: this.#columns(table),
        until: chance.pick(['==', '!=']),
        rows: chance.some(2, () => this.#row(table, 2)),
        ...(chance.once(8) ? {} : { timeout: chance.below(3) }),
      }),
      () =>
        chance.pick<JsonObject>([
          { op: 'comment', comment: 'c' },
          { op: 'commit', durable: chance.once(2) },
          { op: 'abort' },
          { op: 'assert', lock: chance.pick(NAMES) },
        ]),
    ];
    return chance.pick(kinds)();
  }

  #insert(table: TableSchema): JsonObject {
    const named = this.#chance.once(2) ? { 'uuid-name': this.#chance.pick(NAMES) } : {};
    const uuid = this.#chance.once(10) ? { uuid: this.#uuidText() } : {};
    return { op: 'insert', table: table.name, row: this.#row(table, 5), ...named, ...uuid };
  }

  #row(table: TableSchema, most: number): JsonObject {
    const columns = this.#chance
      .some(most, () => this.#chance.pick(table.columnList))
      .filter(({ name }) => !name.startsWith('_'));
    return Object.fromEntries(columns.map(({ name, type }) => [name, this.#value(type)]));
  }

  #columns(table: TableSchema): Json[] {
    return [...new Set(this.#chance.some(3, () => this.#chance.pick(table.columnList).name))];
  }

  #where(table: TableSchema): Json[] {
    return this.#chance.some(2, () => this.#clause(table));
  }

  #clause(table: TableSchema): Json {
    const { name, type } = this.#chance.pick(table.columnList);
    return this.#chance.once(12) ? this.#chance.once(2) : [name, this.#chance.pick(FUNCTIONS), this.#value(type)];
  }

  #mutation(table: TableSchema): Json {
    const { name, type } = this.#chance.pick(table.columnList);
    const mutator = this.#chance.pick(MUTATORS);
    const scalar = mutator.endsWith('=') || this.#chance.once(3);
    return [name, mutator, scalar ? this.#atom(type.key.type) : this.#value(type)];
  }

  #value(type: ColumnType): Json {
    const most = Math.min(type.max, 4);
    if (most === 1 && type.value === undefined && (type.min === 1 || this.#chance.once(2)))
      return this.#atom(type.key.type);
    if (type.value !== undefined) {
      const { key, value } = type;
      return [
        'map',
        distinct(this.#chance.some(most, () => this.#atom(key.type))).map((one) => [one, this.#atom(value.type)]),
      ];
    }
    return ['set', distinct(this.#chance.some(most, () => this.#atom(type.key.type)))];
  }

  #atom(type: AtomicType): Json {
    const chance = this.#chance;
    if (type === 'integer') return chance.pick(INTEGERS);
    if (type === 'real') return chance.pick(REALS);
    if (type === 'boolean') return chance.once(2);
    if (type === 'string') return chance.pick(STRINGS);
    return chance.once(3) ? ['named-uuid', chance.pick(NAMES)] : ['uuid', this.#uuidText()];
  }

  #uuidText(): string {
    return this.#chance.pick(this.#known) ?? '00000000-0000-0000-0000-000000000000';
  }

  #monitorRequests(conditions: boolean): JsonObject {
    const tables = this.#chance.some(3, () => this.#chance.pick(this.#tables));
    return Object.fromEntries(
      tables.map((table): [string, Json] => {
        const columns = this.#chance.once(2) ? { columns: this.#columns(table) } : {};
        const select = this.#chance.once(3)
          ? { select: { initial: this.#chance.once(2), modify: this.#chance.once(2) } }
          : {};
        return [table.name, [{ ...columns, ...select, ...(conditions ? { where: this.#where(table) } : {}) }]];
      }),
    );
  }
}

/** Twice the same in a set or map is a mistake, which wounds make often enough. */
function distinct(atoms: readonly Json[]): Json[] {
  return [...new Map(atoms.map((atom) => [canonicalText(atom), atom])).values()];
}
