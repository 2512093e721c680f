/** Random transactions, conditions and requests for the database `Mon`. */
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../../rpc/json/json-value.ts';

const small = fc.integer({ min: -2, max: 2 });
const word = fc.constantFrom('', 'a', 'b', 'c');
const set = (values: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.uniqueArray(values, { maxLength: 3 }).map((elements): Json => ['set', elements]);
const map = (keys: fc.Arbitrary<Json>, values: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc
    .uniqueArray(fc.tuple(keys, values), { maxLength: 3, selector: ([key]) => key })
    .map((pairs): Json => ['map', pairs]);

const row = fc.record(
  {
    s: word,
    i: small,
    r: fc.constantFrom(0, 0.5, -1.25, 3),
    b: fc.boolean(),
    os: fc.oneof(word, fc.constant<Json>(['set', []])),
    oi: fc.oneof(small, fc.constant<Json>(['set', []])),
    set: set(word),
    ints: set(small),
    map: map(word, word),
    nums: map(small, small),
    e: small,
  },
  { requiredKeys: [] },
);

const clause: fc.Arbitrary<Json> = fc.oneof(
  { weight: 1, arbitrary: fc.boolean() },
  {
    weight: 6,
    arbitrary: fc.oneof(
      fc.tuple(fc.constant('i'), fc.constantFrom('==', '!=', '<', '>='), small).map((one): Json => one),
      fc.tuple(fc.constant('s'), fc.constantFrom('==', '!='), word).map((one): Json => one),
      fc.tuple(fc.constant('oi'), fc.constantFrom('<', '=='), small).map((one): Json => one),
      fc.tuple(fc.constant('set'), fc.constantFrom('includes', 'excludes'), word).map((one): Json => one),
      fc.tuple(fc.constant('e'), fc.constant('=='), small).map((one): Json => one),
    ),
  },
);

/** A `where` of table T or, with fewer columns, of O. */
const whereT = fc.array(clause, { maxLength: 3 });
const whereO = fc.array(
  fc.oneof(
    fc.boolean().map((one): Json => one),
    fc.tuple(fc.constant('i'), fc.constant('=='), small).map((one): Json => one),
  ),
  { maxLength: 2 },
);

const one = fc.oneof(
  fc.constant<Json>([]),
  small.map((i): Json => [['i', '==', i]]),
  word.map((s): Json => [['s', '==', s]]),
);

const operation: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: row.map((content): Json => ({ op: 'insert', table: 'T', row: content })) },
  {
    weight: 4,
    arbitrary: fc.tuple(one, row).map(([where, content]): Json => ({ op: 'update', table: 'T', where, row: content })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        one,
        fc.constantFrom<Json>(
          ['set', 'insert', 'a'],
          ['set', 'delete', ['set', ['a', 'b']]],
          ['ints', '+=', 1],
          ['map', 'delete', ['set', ['a']]],
          ['map', 'insert', ['map', [['z', 'a']]]],
          ['i', '+=', 1],
        ),
      )
      .map(([where, mutation]): Json => ({ op: 'mutate', table: 'T', where, mutations: [mutation] })),
  },
  { weight: 1, arbitrary: one.map((where): Json => ({ op: 'delete', table: 'T', where })) },
  { weight: 1, arbitrary: fc.tuple(word, small).map(([s, i]): Json => ({ op: 'insert', table: 'O', row: { s, i } })) },
  { weight: 1, arbitrary: small.map((i): Json => ({ op: 'delete', table: 'O', where: [['i', '==', i]] })) },
);

export const transaction = fc.array(operation, { minLength: 1, maxLength: 4 });

/** The columns of T and O that a monitor shows. */
export const columns = fc.record({
  T: fc.uniqueArray(fc.constantFrom('s', 'i', 'r', 'b', 'os', 'oi', 'set', 'ints', 'map', 'nums', 'e'), {
    minLength: 1,
  }),
  O: fc.constantFrom(['s', 'i'], ['s']),
});

export const conditions = fc.record({ T: whereT, O: whereO }, { requiredKeys: [] });

/** `<monitor-requests>` with columns and, where there are any, conditions. */
export function requestsOf(
  shown: Readonly<Record<string, readonly string[]>>,
  where: { T?: Json[]; O?: Json[] },
): Json {
  return Object.fromEntries(
    Object.entries(shown).map(([table, names]): [string, JsonObject] => {
      const condition = where[table as 'T' | 'O'];
      return [table, { columns: [...names], ...(condition === undefined ? {} : { where: condition }) }];
    }),
  );
}
