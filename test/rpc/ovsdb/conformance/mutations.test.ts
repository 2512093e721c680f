import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { type AtomicType, INT64_MAX, INT64_MIN } from '../../../../rpc/ovsdb/notation/atoms.ts';
import { canonicalText } from '../../../../rpc/ovsdb/notation/ovsdb-error.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';

/** Every mutator for every type of key and value, through `transact`, against sets and maps of JavaScript. */

const TYPES: readonly AtomicType[] = ['integer', 'real', 'boolean', 'string', 'uuid'];
const ATOMS: Readonly<Record<AtomicType, fc.Arbitrary<Json>>> = {
  integer: fc.constantFrom<Json>(0, 1, -1, 7, INT64_MAX, INT64_MIN, 2n ** 53n + 1n),
  real: fc.constantFrom<Json>(0, 0.5, -0.5, 7, 1e300, -1e-300),
  boolean: fc.boolean(),
  string: fc.constantFrom<Json>('', 'a', 'B', 'é', '😀', '__proto__'),
  uuid: fc.constantFrom('1', 'a', 'f').map((x): Json => ['uuid', `${x.repeat(8)}-0000-0000-0000-000000000000`]),
};

const setName = (key: AtomicType): string => `set_${key}`;
const mapName = (key: AtomicType, value: AtomicType): string => `map_${key}_${value}`;
const many = { min: 0, max: 'unlimited' };
const SCHEMA = DatabaseSchema.fromJson({
  name: 'Mutations',
  version: '1.0.0',
  tables: {
    T: {
      columns: Object.fromEntries([
        ['integer', { type: 'integer' }],
        ['real', { type: 'real' }],
        ...TYPES.map((key): [string, Json] => [setName(key), { type: { key, ...many } }]),
        ...TYPES.flatMap((key) =>
          TYPES.map((value): [string, Json] => [mapName(key, value), { type: { key, value, ...many } }]),
        ),
      ]),
    },
  },
});

/** A value as sorted texts of its elements, whatever the notation. */
function elements(value: Json): string[] {
  const [tag, content] = Array.isArray(value) ? value : [];
  const list = (tag === 'set' || tag === 'map') && Array.isArray(content) ? content : [value];
  return list.map((one) => canonicalText(one)).sort();
}

describe('mutations of all types', function () {
  this.timeout(30_000);
  let database: Database;
  before(() => {
    database = Database.open({ file: ':memory:', schema: SCHEMA });
  });
  after(() => database.close());

  /** The value of a column that held `before`, or the tag of the error. */
  async function mutated(column: string, before: Json, mutator: string, argument: Json): Promise<Json> {
    const results = await database.transact([
      { op: 'insert', table: 'T', row: { [column]: before } },
      { op: 'mutate', table: 'T', where: [], mutations: [[column, mutator, argument]] },
      { op: 'select', table: 'T', where: [], columns: [column] },
      { op: 'abort' },
    ]).result;
    const failed = results[1] as { error?: string };
    if (failed.error !== undefined) return failed.error;
    const { rows } = results[2] as { rows: Record<string, Json>[] };
    return rows[0]?.[column] ?? null;
  }

  for (const key of TYPES) {
    const atoms = fc.uniqueArray(ATOMS[key], { selector: canonicalText, maxLength: 5 });

    it(`insert and delete on sets of ${key}`, async () => {
      await fc.assert(
        fc.asyncProperty(atoms, atoms, async (a, b) => {
          const [texts, others] = [a.map(canonicalText), b.map(canonicalText)];
          const union = await mutated(setName(key), ['set', a], 'insert', ['set', b]);
          assert.deepEqual(elements(union), [...new Set([...texts, ...others])].sort());
          const rest = await mutated(setName(key), ['set', a], 'delete', ['set', b]);
          assert.deepEqual(elements(rest), texts.filter((one) => !others.includes(one)).sort());
        }),
        { numRuns: 40 },
      );
    });

    it(`insert and delete on maps from ${key} to anything`, async () => {
      const maps = fc.constantFrom(...TYPES).chain((value) => {
        const pairs = fc.uniqueArray(fc.tuple(ATOMS[key], ATOMS[value]), {
          selector: ([one]) => canonicalText(one),
          maxLength: 4,
        });
        return fc.record({ value: fc.constant(value), a: pairs, b: pairs });
      });
      await fc.assert(
        fc.asyncProperty(maps, async ({ value, a, b }) => {
          const column = mapName(key, value);
          const text = (pair: Json): string => canonicalText(pair);
          const keys = (pairs: readonly (readonly [Json, Json])[]): string[] => pairs.map(([one]) => text(one));
          const union = await mutated(column, ['map', a], 'insert', ['map', b]);
          const added = b.filter(([one]) => !keys(a).includes(text(one)));
          assert.deepEqual(elements(union), [...a, ...added].map(text).sort());
          const withoutPairs = await mutated(column, ['map', a], 'delete', ['map', b]);
          assert.deepEqual(
            elements(withoutPairs),
            a
              .map(text)
              .filter((one) => !b.map(text).includes(one))
              .sort(),
          );
          const withoutKeys = await mutated(column, ['map', a], 'delete', ['set', b.map(([one]) => one)]);
          assert.deepEqual(
            elements(withoutKeys),
            a
              .filter(([one]) => !keys(b).includes(text(one)))
              .map(text)
              .sort(),
          );
        }),
        { numRuns: 60 },
      );
    });
  }

  const REAL: Readonly<Record<string, (x: number, y: number) => number>> = {
    '+=': (x, y) => x + y,
    '-=': (x, y) => x - y,
    '*=': (x, y) => x * y,
    '/=': (x, y) => x / y,
  };
  it('arithmetic on reals', async () => {
    const reals = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, 1, -1, 1e308, -1e308),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(REAL)), reals, reals, async (mutator, x, y) => {
        const exact = REAL[mutator]?.(x, y) ?? 0;
        const wanted = mutator === '/=' && y === 0 ? 'domain error' : Number.isFinite(exact) ? exact : 'range error';
        const seen = await mutated('real', x, mutator, y);
        // 15 digits are shown, but never more than there can be.
        const shown = typeof wanted === 'number' ? Number(wanted.toPrecision(15)) : wanted;
        assert.equal(seen, typeof shown === 'number' ? (Number.isFinite(shown) ? shown : wanted) || 0 : shown);
      }),
      { numRuns: 300 },
    );
  });

  it('arithmetic on each element of a set', async () => {
    const small = fc.integer({ min: -6, max: 6 });
    const integer: Readonly<Record<string, (x: number, y: number) => number>> = {
      ...REAL,
      '/=': (x, y) => Math.trunc(x / y),
      '%=': (x, y) => x % y,
    };
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(small),
        small,
        fc.constantFrom(...Object.keys(integer)),
        async (set, y, mutator) => {
          const results = set.map((x) => (integer[mutator]?.(x, y) ?? 0) + 0);
          const divides = mutator === '/=' || mutator === '%=';
          const wanted =
            divides && y === 0 && set.length > 0
              ? 'domain error'
              : new Set(results).size < results.length
                ? 'constraint violation'
                : ['set', results];
          const seen = await mutated(setName('integer'), ['set', set], mutator, y);
          if (typeof wanted === 'string') assert.equal(seen, wanted);
          else assert.deepEqual(elements(seen), elements(wanted));
        },
      ),
      { numRuns: 300 },
    );
  });
});
