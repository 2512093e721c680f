import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../rpc/json/parse64.ts';

type Outcome = { value: unknown } | 'refused';

function outcome(parse: (text: string) => unknown, text: string): Outcome {
  try {
    return { value: parse(text) };
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    return 'refused';
  }
}

/** What JSON.parse would have said: bigints rounded. */
function rounded(value: Json): Json {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rounded(member)]));
}

/** JSON.parse, without the numbers that no double can stand for. */
function parseFinite(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (value === Infinity || value === -Infinity) throw new SyntaxError('out of range');
    return value;
  });
}

describe('parseJson64', () => {
  const numbers: { text: string; want: Json }[] = [
    { text: '0', want: 0 },
    { text: '-0', want: -0 },
    { text: '9007199254740991', want: 9007199254740991 },
    { text: '-9007199254740991', want: -9007199254740991 },
    { text: '9007199254740992', want: 9007199254740992n },
    { text: '-9007199254740992', want: -9007199254740992n },
    { text: '9223372036854775807', want: 9223372036854775807n },
    { text: '-9223372036854775808', want: -9223372036854775808n },
    { text: '9223372036854775808', want: 2 ** 63 },
    { text: '-9223372036854775809', want: -(2 ** 63) },
    { text: '9.223372036854775807e18', want: 9223372036854775807n },
    { text: '92233720368547758070e-1', want: 9223372036854775807n },
    { text: '1e18', want: 10n ** 18n },
    { text: '9007199254740992.5', want: 9007199254740992 },
    { text: '0.9007199254740993', want: 0.9007199254740993 },
    { text: '1e-400', want: 0 },
    { text: `1${'0'.repeat(100_000)}e-99990`, want: 10000000000 },
    { text: `9007199254740993.${'0'.repeat(100_000)}`, want: 9007199254740993n },
    { text: `9007199254740993.${'0'.repeat(100_000)}1`, want: 9007199254740994 },
  ];
  for (const { text, want } of numbers) {
    it(`reads ${text.length > 30 ? `${text.slice(0, 20)}… (${text.length} characters)` : text} as ${typeof want}`, () => {
      assert.deepEqual(parseJson64(text), want);
    });
  }

  it('refuses what no double can stand for', () => {
    for (const text of ['1e400', '-1e309', '[1e999999999999999999999]'])
      assert.throws(() => parseJson64(text), SyntaxError);
  });

  it('accepts and gives what JSON.parse does, on texts of JSON with mistakes in them', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      ' ',
      '\n',
      '\v',
      '-',
      '.',
      'e',
      '+',
      '0',
      '7',
      '1234567890123456789',
      'true',
      'null',
      '\\u00',
      '\u0001',
      'é',
      '__proto__',
    ];
    const value = fc.oneof(
      fc.jsonValue().map((one) => JSON.stringify(one)),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
    );
    const text = fc
      .tuple(value, fc.array(fc.tuple(fc.nat(), fc.constantFrom(...pieces)), { maxLength: 2 }))
      .map(([base, inserts]) =>
        inserts.reduce((soFar, [at, piece]) => {
          const place = at % (soFar.length + 1);
          return soFar.slice(0, place) + piece + soFar.slice(place + (at % 2));
        }, base),
      );
    fc.assert(
      fc.property(text, (one) => {
        const mine = outcome((json) => rounded(parseJson64(json)), one);
        assert.deepEqual(mine, outcome(parseFinite, one));
      }),
      { numRuns: 3000 },
    );
  });

  it('accepts what JSON.parse accepts of random pieces', () => {
    const soup = fc
      .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-', '0', 'true', ' '), { maxLength: 8 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(soup, (one) => assert.deepEqual(outcome(parseJson64, one), outcome(JSON.parse, one))),
      { numRuns: 2000 },
    );
  });
});
