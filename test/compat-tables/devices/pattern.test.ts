// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of documents
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FieldValue, Variable } from '../../../compat-tables/devices/device-document.ts';
import { matchAll, parsePattern, type Variables } from '../../../compat-tables/devices/pattern.ts';
import { checkVariable, domainText, valueIn } from '../../../compat-tables/devices/variables.ts';

const AGGR: Variable = { type: 'integer', values: [1, 2, 4, 8] };
const EVEN: Variable = { type: 'integer', range: [2, 16], step: 2 };
const MODE: Variable = { type: 'string', values: ['a', 'ab', 'b'] };
const ANY: Variable = { type: 'string' };
const PV: Variable = { type: 'set', of: ['none', 'ppgtt', 'context'], including: ['none'] };
const VARIABLES: Variables = { aggr: AGGR, even: EVEN, mode: MODE, any: ANY, pv: PV };

type Pairs = readonly (readonly [pattern: FieldValue, value: FieldValue])[];
const match = (pairs: Pairs, variables = VARIABLES) =>
  matchAll(pairs.map(([pattern, value]) => ({ pattern: parsePattern(pattern, variables), value })));

describe('patterns of device documents', () => {
  const yes: { title: string; pairs: Pairs; bound?: Record<string, string> }[] = [
    { title: 'a plain text', pairs: [['x1', 'x1']] },
    { title: 'a number as its text', pairs: [[4, '4']] },
    { title: 'true and false', pairs: [[true, true]] },
    { title: 'an integer among values', pairs: [['V5_x${aggr}', 'V5_x4']], bound: { aggr: '4' } },
    { title: 'an integer in a range', pairs: [['${even}', 14]], bound: { even: '14' } },
    {
      title: 'the same value in two fields',
      pairs: [
        ['V5_x${aggr}', 'V5_x8'],
        ['${aggr}', 8],
      ],
      bound: { aggr: '8' },
    },
    {
      title: 'a part and a multiple of a value',
      pairs: [
        ['${aggr/2}', 2],
        ['${aggr*3}', 12],
        ['V${aggr}', 'V4'],
      ],
      bound: { aggr: '4' },
    },
    {
      title: 'the reading that fits the other field, not the longest one',
      pairs: [
        ['${mode}${any}', 'abc'],
        ['${any}', 'bc'],
      ],
      bound: { mode: 'a', any: 'bc' },
    },
    { title: 'a set in any order', pairs: [['${pv}', 'ppgtt+none']], bound: { pv: 'none+ppgtt' } },
    { title: 'a set as an array', pairs: [['${pv}', ['context', 'none']]], bound: { pv: 'context+none' } },
    { title: 'a set inside a text', pairs: [['pv:${pv};x${aggr}', 'pv:context+none;x1']], bound: { aggr: '1' } },
    { title: 'a fixed set in any order', pairs: [[['none', 'ppgtt'], 'ppgtt+none']] },
    { title: 'a fixed set written as text', pairs: [['ppgtt+none', ['none', 'ppgtt']]] },
    { title: 'a dollar sign and an escaped brace', pairs: [['$$${x}-$5', '$${x}-$5']] },
  ];
  for (const { title, pairs, bound = {} } of yes) {
    it(`match ${title}`, () => {
      const bindings = match(pairs);
      assert.ok(bindings);
      for (const [name, value] of Object.entries(bound)) assert.equal(bindings.get(name), value);
    });
  }

  const no: { title: string; pairs: Pairs }[] = [
    { title: 'another text', pairs: [['x1', 'x12']] },
    { title: 'a value that is not listed', pairs: [['x${aggr}', 'x3']] },
    { title: 'a number in another spelling', pairs: [['x${aggr}', 'x04']] },
    { title: 'a number between the steps', pairs: [['${even}', 3]] },
    { title: 'a number outside the range', pairs: [['${even}', 18]] },
    { title: 'half of an odd number', pairs: [['${aggr*2}', 3]] },
    {
      title: 'two values of one variable',
      pairs: [
        ['x${aggr}', 'x4'],
        ['${aggr}', 2],
      ],
    },
    { title: 'a set without the member it must have', pairs: [['${pv}', 'ppgtt']] },
    { title: 'a set with a stranger', pairs: [['${pv}', 'none+huge']] },
    { title: 'a member that stands twice', pairs: [['${pv}', 'none+none']] },
    { title: 'an empty text for any text', pairs: [['x${any}', 'x']] },
    { title: 'a text in another order that nobody calls a set', pairs: [['ppgtt+none', 'none+ppgtt']] },
  ];
  for (const { title, pairs } of no) it(`do not match ${title}`, () => assert.equal(match(pairs), undefined));

  const refused: { title: string; pattern: string; message: RegExp }[] = [
    { title: 'a variable that is not declared', pattern: 'x${other}', message: /variable "other" is not declared/ },
    { title: 'a name that every object has', pattern: '${constructor}', message: /"constructor" is not declared/ },
    { title: 'reckoning with a text', pattern: '${mode/2}', message: /"mode" is no integer/ },
    { title: 'a brace that is not closed', pattern: 'x${aggr', message: /wanted \$\{name\}/ },
    { title: 'a sum', pattern: '${aggr+1}', message: /wanted \$\{name\}, \$\{name\*N\} or \$\{name\/N\}/ },
    { title: 'a division by zero', pattern: '${aggr/0}', message: /wanted \$\{name\}/ },
  ];
  for (const { title, pattern, message } of refused) {
    it(`are refused with ${title}`, () =>
      assert.throws(() => parsePattern(pattern, VARIABLES), { code: 'VC-DOCUMENT', message }));
  }

  it('that can be read in very many ways are refused instead of tried', () => {
    const many = Object.fromEntries('abcdefgh'.split('').map((name): [string, Variable] => [name, ANY]));
    const pattern = Object.keys(many)
      .map((name) => `\${${name}}`)
      .join('');
    assert.throws(() => match([[`${pattern}!`, 'x'.repeat(200)]], many), {
      code: 'VC-DOCUMENT',
      message: /too many ways/,
    });
  });

  it('agree with trying every value of every variable', () => {
    const names = ['p', 'q'] as const;
    const piece = fc.oneof(fc.constantFrom('', '1', 'a', '-'), fc.constantFrom(...names.map((name) => `\${${name}}`)));
    const pattern = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join(''));
    const domains = fc.record({
      p: fc.uniqueArray(fc.constantFrom('1', '11', 'a', '1a'), { minLength: 1 }),
      q: fc.uniqueArray(fc.constantFrom('1', '2', '12'), { minLength: 1 }),
    });
    const text = fc.array(fc.constantFrom('1', '2', 'a', '-'), { maxLength: 4 }).map((letters) => letters.join(''));
    const pairs = fc.array(fc.tuple(pattern, text), { minLength: 1, maxLength: 2 });
    let matched = 0;
    fc.assert(
      fc.property(domains, pairs, (values, all) => {
        const variables: Variables = {
          p: { type: 'string', values: values.p },
          q: { type: 'integer', values: values.q.map(Number) },
        };
        const unrolled = values.p.some((p) =>
          values.q.some((q) =>
            all.every(([one, wanted]) => one.replaceAll('${p}', p).replaceAll('${q}', q) === wanted),
          ),
        );
        matched += Number(unrolled);
        assert.equal(match(all, variables) !== undefined, unrolled);
      }),
      { numRuns: 2000 },
    );
    assert.ok(matched > 0, 'some of them matched');
  });
});

describe('variables of device documents', () => {
  const wrong: { title: string; variable: Variable; message: RegExp; name?: string }[] = [
    { title: 'no values', variable: { type: 'integer', values: [] }, message: /"values" is empty/ },
    { title: 'an empty range', variable: { type: 'integer', range: [3, 2] }, message: /range 3 to 2 is empty/ },
    { title: 'a step of nothing', variable: { type: 'integer', range: [1, 2], step: 0 }, message: /step is 0/ },
    { title: 'no members', variable: { type: 'set', of: [] }, message: /"of" is empty/ },
    { title: 'a joint in a member', variable: { type: 'set', of: ['a+b'] }, message: /member "a\+b"/ },
    { title: 'a stranger', variable: { type: 'set', of: ['a'], including: ['b'] }, message: /"including" names "b"/ },
    { title: 'a name with a dash', variable: ANY, message: /wanted a name of letters/, name: 'a-b' },
  ];
  for (const { title, variable, message, name = 'v' } of wrong) {
    it(`are refused with ${title}`, () =>
      assert.throws(() => checkVariable(name, variable), { code: 'VC-DOCUMENT', message }));
  }

  it('say what they can be', () => {
    const texts = [AGGR, EVEN, { type: 'integer', range: [1, 3] } as const, MODE, ANY, PV].map(domainText);
    assert.deepEqual(texts, [
      '1, 2, 4 or 8',
      '2 to 16 in steps of 2',
      '1 to 3',
      'a, ab or b',
      'any text',
      'some of none, ppgtt, context with none among them',
    ]);
  });

  it('take an empty set when nothing must be in it', () => {
    assert.equal(valueIn({ type: 'set', of: ['a'] }, ''), '');
    assert.equal(valueIn(PV, ''), undefined);
  });
});
