import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { stringifyJson } from '../../../../rpc/json/stringify.ts';
import { mutationFromJson } from '../../../../rpc/ovsdb/engine/mutations.ts';
import type { AtomicType } from '../../../../rpc/ovsdb/notation/atoms.ts';
import { ATOMIC_TYPES, INT64_MAX, INT64_MIN } from '../../../../rpc/ovsdb/notation/atoms.ts';
import type { ColumnType } from '../../../../rpc/ovsdb/notation/column-type.ts';
import { excludesAll, includesAll, subtract, union } from '../../../../rpc/ovsdb/notation/datum-algebra.ts';
import type { Datum } from '../../../../rpc/ovsdb/notation/notation.ts';
import { datumFromJson, datumToJson } from '../../../../rpc/ovsdb/notation/notation.ts';
import { compareText } from '../../../../rpc/ovsdb/notation/ovsdb-text.ts';
import type { TableSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { columnCodec } from '../../../../rpc/ovsdb/store/sqlite-columns.ts';
import { shopSchema } from './fixtures.ts';

const SET: ColumnType = { key: { type: 'integer' }, min: 0, max: Infinity };
const MAP: ColumnType = { key: { type: 'integer' }, value: { type: 'string' }, min: 0, max: Infinity };
const small = fc.integer({ min: -5, max: 5 });
const int64 = fc.oneof(
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  fc.constantFrom(INT64_MIN, INT64_MAX, 0n, 1n, -1n, 9007199254740991n, 9007199254740992n, -9007199254740993n),
  fc.bigInt({ min: -100n, max: 100n }),
);
const text = fc.string({ unit: 'binary' }).filter((one) => !one.includes('\0'));

const ATOMS: Readonly<Record<AtomicType, fc.Arbitrary<Json>>> = {
  integer: int64,
  real: fc.double({ noNaN: true, noDefaultInfinity: true }),
  boolean: fc.boolean(),
  string: text,
  uuid: fc.uuid().map((uuid) => ['uuid', uuid]),
};

function setOf(numbers: Iterable<number>): Datum {
  return datumFromJson(['set', [...numbers]], SET);
}

function mapOf(pairs: Iterable<readonly [number, string]>): Datum {
  return datumFromJson(['map', [...pairs].map((pair) => [...pair])], MAP);
}

describe('values', () => {
  const types = fc.record({
    key: fc.constantFrom<AtomicType>('integer', 'real', 'boolean', 'string', 'uuid'),
    value: fc.option(fc.constantFrom<AtomicType>('integer', 'real', 'boolean', 'string', 'uuid'), { nil: undefined }),
  });
  const typed = types.chain(({ key, value }) => {
    const type: ColumnType = {
      key: { type: key },
      ...(value ? { value: { type: value } } : {}),
      min: 0,
      max: Infinity,
    };
    const selector = (json: Json): string => stringifyJson(Object.is(json, -0) ? 0 : json);
    const json =
      value === undefined
        ? fc.uniqueArray(ATOMS[key], { selector }).map((atoms): Json => ['set', atoms])
        : fc
            .uniqueArray(fc.tuple(ATOMS[key], ATOMS[value]), { selector: ([first]) => selector(first) })
            .map((pairs): Json => ['map', pairs]);
    return json.map((one) => ({ type, json: one }));
  });

  it('survive SQLite exactly', () => {
    fc.assert(
      fc.property(typed, ({ type, json }) => {
        const datum = datumFromJson(json, type);
        const codec = columnCodec(type);
        assert.deepEqual(codec.decode(codec.encode(datum)), datum);
      }),
    );
  });

  it('are in order, and the same after they were written as JSON, but for the last digits of reals', () => {
    fc.assert(
      fc.property(typed, ({ type, json }) => {
        const datum = datumFromJson(json, type);
        const { compare } = ATOMIC_TYPES[type.key.type];
        datum.keys.forEach((key, i) => {
          const next = datum.keys[i + 1];
          assert.ok(next === undefined || compare(key, next) < 0);
        });
        if (type.key.type === 'real' || type.value?.type === 'real') return;
        assert.deepEqual(datumFromJson(parseJson64(stringifyJson(datumToJson(datum, type))), type), datum);
      }),
    );
  });

  it('of text are ordered as their UTF-8 bytes', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        assert.equal(Math.sign(compareText(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });
});

describe('set and map algebra', () => {
  it('of sets agrees with JavaScript sets', () => {
    fc.assert(
      fc.property(fc.uniqueArray(small), fc.uniqueArray(small), (a, b) => {
        const [x, y] = [setOf(a), setOf(b)];
        assert.deepEqual(union(x, y, SET), setOf(new Set([...a, ...b])));
        assert.deepEqual(subtract(x, y, SET), setOf(a.filter((one) => !b.includes(one))));
        assert.equal(
          includesAll(x, y, SET),
          b.every((one) => a.includes(one)),
        );
        assert.equal(excludesAll(x, y, SET), !b.some((one) => a.includes(one)));
      }),
    );
  });

  it('of maps agrees with JavaScript maps', () => {
    const maps = fc.uniqueArray(fc.tuple(small, fc.constantFrom('p', 'q')), { selector: ([key]) => key });
    fc.assert(
      fc.property(maps, maps, (a, b) => {
        const [x, y] = [mapOf(a), mapOf(b)];
        const has = (pairs: typeof a, [key, value]: readonly [number, string]): boolean =>
          pairs.some((pair) => pair[0] === key && pair[1] === value);
        assert.deepEqual(union(x, y, MAP), mapOf(new Map([...b, ...a])));
        assert.deepEqual(subtract(x, y, MAP), mapOf(a.filter((pair) => !has(b, pair))));
        const keys = setOf(b.map(([key]) => key));
        const left = a.filter(([key]) => !b.some((pair) => pair[0] === key));
        assert.deepEqual(subtract(x, keys, MAP), mapOf(left));
        assert.equal(
          includesAll(x, y, MAP),
          b.every((pair) => has(a, pair)),
        );
        assert.equal(excludesAll(x, y, MAP), !b.some((pair) => has(a, pair)));
      }),
    );
  });
});

describe('integer arithmetic', () => {
  const table = shopSchema().tables.get('Box') as TableSchema;
  const exact: Readonly<Record<string, (x: bigint, y: bigint) => bigint>> = {
    '+=': (x, y) => x + y,
    '-=': (x, y) => x - y,
    '*=': (x, y) => x * y,
    '/=': (x, y) => x / y,
    '%=': (x, y) => x % y,
  };

  /** What exact arithmetic says, or the tag of the error. */
  function expected(mutator: string, x: bigint, y: bigint): bigint | string {
    const divides = mutator === '/=' || mutator === '%=';
    if (divides && y === 0n) return 'domain error';
    const result = exact[mutator]?.(x, y) ?? 0n;
    const overflows = divides ? x === INT64_MIN && y === -1n : result < INT64_MIN || result > INT64_MAX;
    return overflows ? 'range error' : result;
  }

  it('is that of 64 bits, exactly', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(exact)), int64, int64, (mutator, x, y) => {
        const type: ColumnType = { key: { type: 'integer' }, min: 1, max: 1 };
        let seen: bigint | string;
        try {
          const mutation = mutationFromJson(['size', mutator, y], table);
          seen = BigInt(mutation.apply(datumFromJson(x, type)).keys[0] as number | bigint);
        } catch (error) {
          seen = (error as { toJSON(): { error: string } }).toJSON().error;
        }
        assert.equal(seen, expected(mutator, x, y));
      }),
      { numRuns: 1000 },
    );
  });
});
