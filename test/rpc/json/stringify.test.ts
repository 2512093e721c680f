import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Json } from '../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../rpc/json/parse64.ts';
import { stringifyJson } from '../../../rpc/json/stringify.ts';

describe('stringifyJson', () => {
  it('writes bigints as numbers, at any place', () => {
    const value: Json = { 'a"': [2n ** 63n - 1n, null, true, 'é\n'], b: { c: -(2n ** 63n), d: 1.5 } };
    assert.equal(
      stringifyJson(value),
      '{"a\\"":[9223372036854775807,null,true,"é\\n"],"b":{"c":-9223372036854775808,"d":1.5}}',
    );
  });

  it('leaves out members without a value, as JSON.stringify does', () => {
    const value = { a: undefined, b: 2n ** 60n } as unknown as Json;
    assert.equal(stringifyJson(value), `{"b":${2n ** 60n}}`);
  });

  it('equals JSON.stringify where there is no bigint', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => stringifyJson(value as Json) === JSON.stringify(value)));
  });

  it('gives back 64-bit integers through parseJson64', () => {
    const atom = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.string());
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.array(atom)), (value) => {
        const exact = (one: bigint | string): Json =>
          typeof one === 'bigint' && Number.isSafeInteger(Number(one)) ? Number(one) : one;
        const want = Object.fromEntries(Object.entries(value).map(([name, list]) => [name, list.map(exact)]));
        assert.deepEqual(parseJson64(stringifyJson(value)), want);
      }),
    );
  });
});
