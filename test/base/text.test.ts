import assert from 'node:assert/strict';
import { nearNames, plural, shortened, suggestion } from '../../base/text.ts';

const versions = ['upstream.ovs-dpdk.v2.13', 'upstream.ovs-dpdk.v2.11', 'upstream.ovs-dpdk.v3.2', 'site.lab'];

const cases: readonly { title: string; name: string; names: readonly string[]; want: readonly string[] }[] = [
  { title: 'swapped letters', name: 'vuh0', names: ['vhu0', 'tap1'], want: ['vhu0'] },
  { title: 'the end of a name', name: 'v3.2', names: versions, want: ['upstream.ovs-dpdk.v3.2'] },
  {
    title: 'the best ones first',
    name: 'upstream.ovs-dpdk.v2.12',
    names: versions,
    want: ['upstream.ovs-dpdk.v2.11', 'upstream.ovs-dpdk.v2.13', 'upstream.ovs-dpdk.v3.2'],
  },
  { title: 'nothing for a word that is far from all', name: 'kangaroo', names: versions, want: [] },
  { title: 'nothing among nothing', name: 'x', names: [], want: [] },
];

describe('names that may have been meant', () => {
  for (const { title, name, names, want } of cases) {
    it(`finds ${title}`, () => assert.deepEqual(nearNames(name, names), want));
  }

  it('make a sentence, whatever there is', () => {
    assert.equal(suggestion('vuh0', ['vhu0', 'vhu1']), '; did you mean "vhu0"?');
    assert.equal(suggestion('kangaroo', ['a1', 'b2']), '; there are a1, b2');
    assert.equal(suggestion('x', []), '; there are none');
    const many = Array.from({ length: 10 }, (_, index) => `name${index}`);
    assert.equal(
      suggestion('kangaroo', many),
      '; there are name0, name1, name2, name3, name4, name5, name6, name7 and 2 more',
    );
  });
});

describe('a number of things', () => {
  it('stands with the noun in the singular or in the plural', () => {
    const texts = [plural(1, 'interface'), plural(0, 'interface'), plural(2, 'entry', 'entries')];
    assert.deepEqual(texts, ['1 interface', '0 interfaces', '2 entries']);
  });
});

describe('a text that is cut off', () => {
  it('has at most so many characters, and no pair of surrogates in two', () => {
    assert.deepEqual(
      ['abc', 'abcd', 'abcde'].map((text) => shortened(text, 4)),
      ['abc', 'abcd', 'abc…'],
    );
    assert.equal(shortened('ab😀cd', 4), 'ab…');
    assert.equal(shortened('ab😀cd', 5), 'ab😀…');
  });
});
