import assert from 'node:assert/strict';
import type { Json } from '../../../../rpc/json/json-value.ts';
import {
  type ColumnShape,
  columnShapes,
  decodeValue,
  namedUuid,
  OvsdbNotationError,
  type OvsValue,
  ovsMap,
  ovsOptional,
  ovsSet,
  ovsUuid,
  sameValue,
} from '../../../../rpc/ovsdb/notation/values.ts';

describe('values', () => {
  it('writes the notation of RFC 7047, section 5.1', () => {
    assert.deepEqual(
      [ovsUuid('u'), namedUuid('n'), ovsSet(['a', ovsUuid('u')]), ovsOptional(undefined), ovsOptional(0)],
      [['uuid', 'u'], ['named-uuid', 'n'], ['set', ['a', ['uuid', 'u']]], ['set', []], 0],
    );
    assert.deepEqual(ovsMap({ a: 1, b: 2n }), [
      'map',
      [
        ['a', 1],
        ['b', 2n],
      ],
    ]);
    assert.deepEqual(ovsMap(new Map([[1, ovsUuid('u')]])), ['map', [[1, ['uuid', 'u']]]]);
    assert.deepEqual(ovsMap(JSON.parse('{"__proto__":1}') as Record<string, Json>), ['map', [['__proto__', 1]]]);
  });

  const shapes: { type: Json; kind: ColumnShape['kind'] }[] = [
    { type: 'integer', kind: 'scalar' },
    { type: { key: 'uuid' }, kind: 'scalar' },
    { type: { key: 'string', min: 0 }, kind: 'optional' },
    { type: { key: 'string', min: 0, max: 1 }, kind: 'optional' },
    { type: { key: 'string', min: 1, max: 2 }, kind: 'set' },
    { type: { key: 'string', min: 0, max: 'unlimited' }, kind: 'set' },
    { type: { key: 'string', value: 'integer' }, kind: 'map' },
    { type: { key: 'string', value: 'integer', min: 0, max: 'unlimited' }, kind: 'map' },
  ];
  for (const { type, kind } of shapes) {
    it(`takes ${JSON.stringify(type)} for ${kind}`, () => {
      const schema = { name: 'D', tables: { T: { columns: { c: { type } } } } };
      assert.equal(columnShapes(schema).get('T')?.get('c')?.kind, kind);
    });
  }

  const reads: { value: Json; kind: ColumnShape['kind']; want: OvsValue | undefined }[] = [
    { value: 3, kind: 'scalar', want: 3 },
    { value: ['set', [3]], kind: 'scalar', want: 3 },
    { value: ['uuid', 'u'], kind: 'scalar', want: 'u' },
    { value: ['set', []], kind: 'optional', want: undefined },
    { value: 'x', kind: 'optional', want: 'x' },
    { value: 'x', kind: 'set', want: ['x'] },
    { value: ['uuid', 'u'], kind: 'set', want: ['u'] },
    {
      value: [
        'set',
        [
          ['uuid', 'u'],
          ['uuid', 'v'],
        ],
      ],
      kind: 'set',
      want: ['u', 'v'],
    },
    {
      value: [
        'map',
        [
          ['__proto__', ['uuid', 'u']],
          ['b', 2n],
        ],
      ],
      kind: 'map',
      want: new Map<string, string | bigint>([
        ['__proto__', 'u'],
        ['b', 2n],
      ]),
    },
  ];
  for (const { value, kind, want } of reads) {
    it(`reads ${kind} ${String(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one)))}`, () => {
      assert.deepEqual(decodeValue(value, { kind }), want);
    });
  }

  const refuses: { value: Json; kind: ColumnShape['kind'] }[] = [
    { value: null, kind: 'scalar' },
    { value: {}, kind: 'set' },
    { value: ['set', []], kind: 'scalar' },
    { value: ['set', [1, 2]], kind: 'optional' },
    { value: ['set', 3], kind: 'set' },
    { value: ['named-uuid', 'x'], kind: 'scalar' },
    { value: ['set', []], kind: 'map' },
    { value: ['map', [['a']]], kind: 'map' },
    { value: ['map', ['ab']], kind: 'map' },
  ];
  for (const { value, kind } of refuses) {
    it(`refuses ${JSON.stringify(value)} as ${kind}`, () =>
      assert.throws(() => decodeValue(value, { kind }), OvsdbNotationError));
  }

  const pairs: { a: OvsValue | undefined; b: OvsValue | undefined; same: boolean }[] = [
    { a: 1, b: 1, same: true },
    { a: 1, b: '1', same: false },
    { a: undefined, b: [], same: false },
    { a: ['a', 'b'], b: ['b', 'a'], same: true },
    { a: ['a', 'b'], b: ['a', 'c'], same: false },
    { a: ['a'], b: ['a', 'b'], same: false },
    { a: new Map([['a', 1]]), b: new Map([['a', 1]]), same: true },
    { a: new Map([['a', 1]]), b: new Map([['a', 2]]), same: false },
    { a: new Map([['a', 1]]), b: new Map([['b', 1]]), same: false },
  ];
  for (const [i, { a, b, same }] of pairs.entries()) {
    it(`compares, pair ${i + 1}: ${same ? 'equal' : 'different'}`, () => assert.equal(sameValue(a, b), same));
  }
});
