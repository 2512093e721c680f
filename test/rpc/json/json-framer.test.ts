import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type FramerOptions, JsonFramer, JsonStreamError } from '../../../rpc/json/json-framer.ts';
import type { Json } from '../../../rpc/json/json-value.ts';
import { parseJson64 } from '../../../rpc/json/parse64.ts';

/** Feeds the bytes cut at the given places and collects what comes out. */
function frame(bytes: Buffer, cuts: readonly number[] = [], options: FramerOptions = {}): Json[] {
  const framer = new JsonFramer(options);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).flatMap((end, i) => [...framer.push(bytes.subarray(places[i], end))]);
}

describe('JsonFramer', () => {
  const reads: { title: string; text: string; want: Json[] }[] = [
    { title: 'nothing in white space', text: ' \t\r\n', want: [] },
    { title: 'one object', text: '{"a":[1,"}"]}', want: [{ a: [1, '}'] }] },
    { title: 'objects without anything between', text: '{}{"b":2}{}', want: [{}, { b: 2 }, {}] },
    { title: 'objects with white space between', text: ' {}\n\n{"b":2} ', want: [{}, { b: 2 }] },
    { title: 'brackets and quotes in strings', text: '{"{\\"[":"\\\\"}{}', want: [{ '{"[': '\\' }, {}] },
    { title: 'a message that is not complete not at all', text: '{"a":{}', want: [] },
    { title: '2^53 + 1', text: '{"n":9007199254740993}', want: [{ n: 9007199254740993n }] },
    { title: '2^53 + 1 with an exponent', text: '{"n":900719925474099.3e1}', want: [{ n: 9007199254740993n }] },
    { title: '2^53 + 1 as a real', text: '{"n":9007199254740993.0}', want: [{ n: 9007199254740993n }] },
    {
      title: 'the ends of 64 bits',
      text: '{"n":[9223372036854775807,-9223372036854775808]}',
      want: [{ n: [2n ** 63n - 1n, -(2n ** 63n)] }],
    },
    { title: 'what is beyond 64 bits as a double', text: '{"n":9223372036854775808}', want: [{ n: 2 ** 63 }] },
    { title: 'digits in strings as strings', text: '{"n":"9007199254740993"}', want: [{ n: '9007199254740993' }] },
    { title: 'the last of two equal names', text: '{"a":1,"a":2}', want: [{ a: 2 }] },
  ];
  for (const { title, text, want } of reads) {
    it(`reads ${title}, at every cut`, () => {
      const bytes = Buffer.from(text);
      for (let cut = 0; cut <= bytes.length; cut++) assert.deepEqual(frame(bytes, [cut]), want);
    });
  }

  it('keeps __proto__ an ordinary member on both ways of reading', () => {
    for (const number of ['1', '9007199254740993']) {
      const [value] = frame(Buffer.from(`{"__proto__":{"x":${number}}}`));
      assert.deepEqual(Object.keys(value as object), ['__proto__']);
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
    }
  });

  const refuses: { title: string; bytes: string | Buffer; message: RegExp; options?: FramerOptions }[] = [
    { title: 'an array', bytes: '[]', message: /saw byte 0x5b; wanted "\{"/ },
    { title: 'text', bytes: 'GET / HTTP/1.1', message: /saw byte 0x47/ },
    { title: 'a bracket too many', bytes: '{}}', message: /saw byte 0x7d/ },
    { title: 'mixed brackets', bytes: '{"a":[}}', message: /Cannot read message: / },
    { title: 'a trailing comma', bytes: '{"a":1,}', message: /Cannot read message: / },
    {
      title: 'a trailing comma beside a long number',
      bytes: '{"a":1234567890123456789,}',
      message: /Unexpected token/,
    },
    { title: 'raw control characters', bytes: '{"a":"\n"}', message: /Cannot read message: / },
    { title: 'vertical tabs between messages', bytes: '{}\v{}', message: /saw byte 0x0b/ },
    { title: 'bytes that are not UTF-8', bytes: Buffer.from('7b2261223a22ff227d', 'hex'), message: /not UTF-8/ },
    { title: 'too many levels', bytes: '{"a":[[[', options: { depth: 3 }, message: /more than 3 levels/ },
    {
      title: 'a long message',
      bytes: `{"a":"${'x'.repeat(20)}"}`,
      options: { bytes: 20 },
      message: /longer than 20 bytes/,
    },
    {
      title: 'U+0000 when text must be plain',
      bytes: '{"\\u0000":1}',
      options: { plainText: true },
      message: /U\+0000/,
    },
    {
      title: 'half a pair when text must be plain',
      bytes: '{"a":["\\ud800"]}',
      options: { plainText: true },
      message: /half/,
    },
  ];
  for (const { title, bytes, message, options } of refuses) {
    it(`refuses ${title}, at every cut`, () => {
      const whole = Buffer.from(bytes as string);
      for (let cut = 0; cut <= whole.length; cut++) {
        assert.throws(
          () => frame(whole, [cut], options),
          (error) => error instanceof JsonStreamError && message.test(error.message),
        );
      }
    });
  }

  it('takes whole pairs when text must be plain', () => {
    assert.deepEqual(frame(Buffer.from('{"a":"\\ud83d\\ude00"}'), [], { plainText: true }), [{ a: '😀' }]);
  });

  it('gives what was complete before an error, and the error again ever after', () => {
    const framer = new JsonFramer();
    const seen: Json[] = [];
    const feed = (text: string): void => {
      for (const value of framer.push(Buffer.from(text))) seen.push(value);
    };
    assert.throws(() => feed('{"a":1} x'), JsonStreamError);
    assert.throws(() => feed('{"b":1}'), JsonStreamError);
    assert.deepEqual(seen, [{ a: 1 }]);
  });

  it('counts the limit of length anew for each message', () => {
    const text = '{"a":1}'.repeat(10);
    for (let size = 1; size <= text.length; size++) {
      const cuts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => i * size);
      assert.equal(frame(Buffer.from(text), cuts, { bytes: 7 }).length, 10);
    }
  });

  it('reads a long message that comes byte by byte', () => {
    const framer = new JsonFramer();
    const text = JSON.stringify({ a: 'é'.repeat(20_000) });
    const seen = [...Buffer.from(text)].flatMap((byte) => [...framer.push(Buffer.of(byte))]);
    assert.deepEqual(seen, [JSON.parse(text)]);
    assert.equal(framer.idle, true);
  });

  it('gives back any objects however cut', () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue() as fc.Arbitrary<Json>), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(objects, fc.array(fc.nat(), { maxLength: 8 }), (values, cuts) => {
        const bytes = Buffer.from(values.map((value) => JSON.stringify(value)).join(''));
        const want = values.map((value) => parseJson64(JSON.stringify(value)));
        assert.deepEqual(frame(bytes, cuts), want);
      }),
      { numRuns: 300 },
    );
  });
});
