import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type JsonNode, JsonSourceError, parseJsonSource } from '../../../compat-tables/entries/json-source.ts';

/** The plain value behind a node. */
function plain(node: JsonNode): unknown {
  if (node.kind === 'array') return node.items.map(plain);
  if (node.kind === 'object')
    return Object.fromEntries([...node.members].map(([name, { value }]) => [name, plain(value)]));
  return node.kind === 'null' ? null : node.value;
}

describe('JSON with line numbers', () => {
  it('reads what JSON.stringify writes, pretty or not', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 5, noUnicodeString: false }),
        fc.constantFrom(undefined, 2, '\t'),
        (text, indent) => {
          const value: unknown = JSON.parse(text);
          const written = JSON.stringify(value, undefined, indent);
          fc.pre(!/\\u(0000|d[89a-f])/.test(written)); // no text of a table
          assert.deepEqual(plain(parseJsonSource(written)), JSON.parse(written));
        },
      ),
    );
  });

  it('accepts exactly what JSON.parse accepts, but for doubled members', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '0',
      '1e5',
      '.',
      'true',
      'nul',
      ' ',
      '\\',
      '"',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
        const text = parts.join('');
        const accepts = (read: (text: string) => unknown): boolean => {
          try {
            read(text);
            return true;
          } catch (error) {
            if (error instanceof JsonSourceError && error.message.startsWith('member ')) return true;
            return false;
          }
        };
        assert.equal(accepts(parseJsonSource), accepts(JSON.parse), text);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows the line of every value', () => {
    const root = parseJsonSource('\n{\n  "a": [1,\r\n 2\n, 3],\n  "b"\n:\nnull }');
    assert.equal(root.line, 2);
    assert.ok(root.kind === 'object');
    const [a, b] = [root.members.get('a'), root.members.get('b')];
    assert.ok(a?.value.kind === 'array');
    assert.deepEqual([a.line, ...a.value.items.map(({ line }) => line)], [3, 3, 4, 5]);
    assert.deepEqual([b?.line, b?.value.line], [6, 8]);
  });

  const refused = [
    { title: 'nothing', text: '', line: 1, seen: 'the end of the file', wanted: 'a value' },
    { title: 'what follows', text: '1\n2', line: 2, seen: 'unexpected "2"', wanted: 'the end of the file' },
    { title: 'a comma too many', text: '[\n1,\n]', line: 3, seen: 'unexpected "]"', wanted: 'a value' },
    { title: 'a comma too few', text: '{"a": 1\n"b": 2}', line: 2, seen: 'unexpected """', wanted: '"," or "}"' },
    {
      title: 'a name without quotes',
      text: '{\na: 1}',
      line: 2,
      seen: 'unexpected "a"',
      wanted: 'a member name in quotes',
    },
    {
      title: 'an open string',
      text: '["a\n"]',
      line: 1,
      seen: 'a string that is not closed or not valid',
      wanted: 'a string',
    },
    {
      title: 'a doubled member',
      text: '{"a": 1,\n"a": 2}',
      line: 2,
      seen: 'member "a" stands here and in line 1',
      wanted: 'each member once',
    },
    {
      title: 'depth',
      text: '['.repeat(100_000),
      line: 1,
      seen: 'values nested too deeply',
      wanted: 'at most 16 levels',
    },
  ];
  for (const { title, text, line, seen, wanted } of refused) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => parseJsonSource(text),
        (error) => {
          assert.ok(error instanceof JsonSourceError);
          assert.deepEqual([error.line, error.message, error.wanted], [line, seen, wanted]);
          return true;
        },
      );
    });
  }

  it('keeps a member named __proto__ a member', () => {
    const root = parseJsonSource('{"__proto__": 1}');
    assert.ok(root.kind === 'object' && root.members.has('__proto__'));
  });

  for (const [what, text] of Object.entries({ 'U+0000': '\\u0000', 'half of a surrogate pair': '\\ud83d' })) {
    it(`refuses ${what} in values and names, which no database can hold, and says in which line`, () => {
      for (const json of [`{\n"a": "b${text}"}`, `{\n"b${text}": 1}`])
        assert.throws(
          () => parseJsonSource(json),
          (error: unknown) => error instanceof JsonSourceError && error.line === 2 && error.message.includes('U+0000'),
        );
      assert.doesNotThrow(() => parseJsonSource('{"a": "\\ud83d\\ude00 \\\\u0000"}'));
    });
  }
});
