// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of documents
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { differingDigests } from '../../../compat-tables/compare/differing-digests.ts';
import { selectCommonVersion } from '../../../compat-tables/compare/select.ts';
import { checkDevice, collectionOf } from '../../../compat-tables/devices/check-device.ts';
import type { CompatibleEntry, DeviceDocument, DeviceSelf } from '../../../compat-tables/devices/device-document.ts';
import { resolveCollections } from '../../../compat-tables/devices/versions-of-documents.ts';

const TYPE = 'example-vgpu';

function device(
  host: string,
  self: Omit<DeviceSelf, 'device_type'>,
  compatible: readonly (CompatibleEntry | string)[],
  more: Partial<DeviceDocument> = {},
): DeviceDocument {
  const entries = compatible.map((one) => (typeof one === 'string' ? { version: one } : one));
  return {
    format: 1,
    kind: 'vhost-compat device',
    host,
    self: { device_type: TYPE, ...self },
    compatible: entries,
    ...more,
  };
}

const hostsOf = (documents: readonly DeviceDocument[]) => resolveCollections(documents.map(collectionOf));
const selected = (...documents: readonly DeviceDocument[]) => selectCommonVersion(hostsOf(documents), 'source').version;

const SCHEME = { version_scheme: 'major.minor.bugfix' } as const;
const FAMILY: CompatibleEntry = {
  version: 'V5_x${aggr}',
  fields: { aggregator: '${aggr}', slices: '${aggr*2}' },
  variables: { aggr: { type: 'integer', values: [1, 2, 4] } },
};
const v5 = (aggr: number) => ({ version: `V5_x${aggr}`, fields: { aggregator: aggr, slices: aggr * 2 } });

describe('a move by documents', () => {
  const wide = device('wide', v5(2), [FAMILY]);

  const verdicts: {
    title: string;
    from: DeviceDocument;
    to: DeviceDocument;
    reasons: readonly (string | RegExp)[];
    version?: string;
  }[] = [
    { title: 'of a device that the target can be', from: device('a', v5(4), []), to: wide, reasons: [] },
    {
      title: 'of a version that both list',
      from: device('a', { version: '5.3' }, ['5.3']),
      to: device('b', {}, ['6.1', '5.3']),
      reasons: [],
    },
    {
      title: 'of a version that the target does not list',
      from: device('a', { version: '6.3' }, ['6.3']),
      to: device('b', {}, ['5.3']),
      reasons: ['VC-VERSION-UNKNOWN: no table there defines the version'],
    },
    {
      title: 'of a version that the source does not know either',
      from: device('a', { version: '6.3' }, []),
      to: device('b', {}, ['5.3']),
      version: '7.0',
      reasons: ['VC-VERSION-UNKNOWN: a does not know "7.0"'],
    },
    {
      title: 'of a device whose name and attribute do not agree',
      from: device('a', { ...v5(4), fields: { aggregator: 2, slices: 8 } }, []),
      to: wide,
      reasons: ['VC-DOCUMENT-FIELD: aggregator is 2; wanted ${aggr}, aggr being 4 already'],
    },
    {
      title: 'of a device that is too large, though its name would fit',
      from: device('a', { version: 'V5_x4', fields: { aggregator: 4, slices: 9 } }, []),
      to: wide,
      reasons: ['VC-DOCUMENT-FIELD: slices is 9; wanted ${aggr*2}, aggr being 4 already'],
    },
    {
      title: 'of a device with a field that the target does not speak of',
      from: device('a', { ...v5(1), fields: { ...v5(1).fields, remote: 'x' } }, []),
      to: wide,
      reasons: ['VC-DOCUMENT-FIELD: remote is not among what it can take in'],
    },
    {
      title: 'of a device without a field that the target wants',
      from: device('a', { version: 'V5_x1', fields: { aggregator: 1 } }, []),
      to: wide,
      reasons: ['VC-DOCUMENT-FIELD: slices is not stated; wanted ${aggr*2}'],
    },
    {
      title: 'of a version with another content',
      from: device('a', { version: 'x', fields: { size: 1 } }, []),
      to: device('b', {}, [{ version: 'x', fields: { size: 2 } }]),
      reasons: [/^VC-DIGEST-DIFFERS: its content \(\w{12}\) is not that of a /],
    },
    {
      title: 'to a later minor',
      from: device('a', { version: '1.2.9' }, ['1.2'], SCHEME),
      to: device('b', { version: '1.4.0' }, ['1.4'], SCHEME),
      reasons: [],
    },
    {
      title: 'to an earlier bugfix of the same minor',
      from: device('a', { version: '1.2.9' }, ['1.2'], SCHEME),
      to: device('b', { version: '1.2.1' }, ['1.2'], SCHEME),
      reasons: [],
    },
    {
      title: 'to an earlier minor',
      from: device('a', { version: '1.4.0' }, ['1.4'], SCHEME),
      to: device('b', { version: '1.2.9' }, ['1.2'], SCHEME),
      reasons: ['VC-VERSION-SCHEME: it has 1.2, and 1.4 moves to the same or a later minor of 1 only'],
    },
    {
      title: 'to another major',
      from: device('a', { version: '1.4' }, ['1.4'], SCHEME),
      to: device('b', { version: '2.9' }, ['2.9'], SCHEME),
      reasons: ['VC-VERSION-SCHEME: it has 2.9, and nothing moves between majors 1 and 2'],
    },
    {
      title: 'in another bugfix than any document spells',
      from: device('a', { version: '1.4.2' }, ['1.4'], SCHEME),
      to: device('b', { version: '1.2.7' }, ['1.2'], SCHEME),
      version: '1.2.3',
      reasons: [],
    },
    {
      title: 'in an older version than any document spells',
      from: device('a', { version: '1.4.2' }, ['1.4'], SCHEME),
      to: device('b', { version: '1.4.2' }, ['1.4'], SCHEME),
      version: '1.2',
      reasons: [],
    },
    {
      title: 'in a version that neither can be',
      from: device('a', { version: '1.4.2' }, ['1.4'], SCHEME),
      to: device('b', { version: '1.4.2' }, ['1.4'], SCHEME),
      version: '1.5.1',
      reasons: [
        'VC-VERSION-SCHEME: it has 1.4, and 1.5 moves to the same or a later minor of 1 only',
        'VC-VERSION-SCHEME: it has 1.4, and 1.5 moves to the same or a later minor of 1 only',
      ],
    },
    {
      title: 'in a text that is no number',
      from: device('a', { version: '1.4.2' }, ['1.4'], SCHEME),
      to: device('b', { version: '1.4.2' }, ['1.4'], SCHEME),
      version: 'newest',
      reasons: ['VC-VERSION-UNKNOWN: a does not know "newest"'],
    },
    {
      title: 'to a device of a later minor that lists nothing',
      from: device('a', { version: '1.2' }, [], SCHEME),
      to: device('b', { version: '1.4.2' }, [], SCHEME),
      reasons: [],
    },
    {
      title: 'to a device of a later minor that lists another major',
      from: device('a', { version: '1.2' }, [], SCHEME),
      to: device('b', { version: '1.4.2' }, ['0.9'], SCHEME),
      reasons: [],
    },
    {
      title: 'to an earlier minor, told by the entry of the same major',
      from: device('a', { version: '1.5' }, [], SCHEME),
      to: device('b', { version: '1.4.2' }, ['0.9'], SCHEME),
      reasons: ['VC-VERSION-SCHEME: it has 1.4, and 1.5 moves to the same or a later minor of 1 only'],
    },
    {
      title: 'to a later minor with the same fields, which may look like variables',
      from: device('a', { version: '1.2', fields: { path: '${x}', set: ['q', 'p'] } }, [], SCHEME),
      to: device('b', { version: '1.4', fields: { path: '${x}', set: ['p', 'q'] } }, [], SCHEME),
      version: '1.2.9',
      reasons: [],
    },
    {
      title: 'to a later minor with other fields',
      from: device('a', { version: '1.2', fields: { size: 1 } }, [], SCHEME),
      to: device('b', { version: '1.4', fields: { size: 2 } }, [], SCHEME),
      reasons: ['VC-DOCUMENT-FIELD: size is 1; wanted 2'],
    },
  ];
  for (const { title, from, to, reasons, version } of verdicts) {
    it(`${reasons.length === 0 ? 'says yes' : 'says no'}: ${title}`, () => {
      const verdict = checkDevice(from, to, version);
      const texts = verdict.reasons.map(({ code, text }) => `${code}: ${text}`);
      assert.equal(texts.length, reasons.length, texts.join('; '));
      for (const [index, want] of reasons.entries()) {
        if (typeof want === 'string') assert.equal(texts[index], want);
        else assert.match(texts[index] ?? '', want);
      }
      assert.equal(verdict.ok, reasons.length === 0);
    });
  }

  it('makes no difference between bugfixes, in whatever place they stand', () => {
    const number = fc.tuple(fc.constantFrom(1, 2), fc.integer({ min: 0, max: 3 })).map((pair) => pair.join('.'));
    const side = fc.record({ self: number, listed: fc.array(number, { maxLength: 2 }) });
    const bugfix = fc.constantFrom('', '.0', '.7');
    fc.assert(
      fc.property(side, side, fc.option(number, { nil: undefined }), bugfix, bugfix, (a, b, version, here, there) => {
        const verdict = (x: string, y: string) => {
          const of = (host: string, { self: own, listed }: typeof a) =>
            device(
              host,
              { version: own + x },
              listed.map((one) => one + y),
              SCHEME,
            );
          return checkDevice(of('a', a), of('b', b), version === undefined ? undefined : version + y);
        };
        assert.deepEqual(verdict(here, there), verdict('', ''));
        // and the rule itself, said once more
        const takes = ({ self: own, listed }: typeof a, wanted: string) =>
          [own, ...listed].some((one) => one[0] === wanted[0] && Number(one.slice(2)) >= Number(wanted.slice(2)));
        const asked = version ?? a.self;
        assert.equal(verdict('', '').ok, takes(a, asked) && takes(b, asked));
      }),
      { numRuns: 300 },
    );
  });

  it('refuses the way back of a version that moves forward only, by name', () => {
    const old = device('O', { version: '5.3' }, ['5.3']);
    const young = device('N', { version: '6.3' }, ['6.3', { version: '5.3', tier: 'forward-only' }]);
    assert.equal(checkDevice(old, young).ok, true);
    const back = checkDevice(young, old, '5.3');
    assert.equal(back.ok, false);
    assert.deepEqual(back.reasons, [
      {
        code: 'VC-MOVE-DIRECTION',
        text: 'the version moves forward only, and O is older than N: it cannot honour 6.3',
        missing: [],
        host: 'O',
      },
    ]);
    assert.equal(checkDevice(young, { ...young, host: 'M' }, '5.3').ok, true, 'between equals it moves');
  });

  it('is between devices of one type', () => {
    const other = { ...wide, self: { ...wide.self, device_type: 'vhost-user-blk' } };
    assert.throws(() => checkDevice(wide, other), {
      code: 'VC-VERSION-DEVICE-TYPE',
      message: /wanted one device type$/,
    });
  });

  const wrong: { title: string; entry: CompatibleEntry; scheme?: 'major.minor.bugfix'; message: RegExp }[] = [
    { title: 'that says nothing', entry: {}, message: /no version and no fields.*host b, compatible\[1\]/ },
    {
      title: 'with a variable that no text has',
      entry: { version: 'x', variables: { v: { type: 'string' } } },
      message: /variable "v": no text refers to it/,
    },
    {
      title: 'with a version that is no number',
      entry: { version: '1.x' },
      scheme: 'major.minor.bugfix',
      message: /version "1\.x": wanted major\.minor/,
    },
    {
      title: 'with a variable in a number',
      entry: { version: '1.${v}', variables: { v: { type: 'integer', values: [1] } } },
      scheme: 'major.minor.bugfix',
      message: /wanted major\.minor/,
    },
  ];
  for (const { title, entry, scheme = 'opaque', message } of wrong) {
    it(`refuses an entry ${title}`, () => {
      const more = { version_scheme: scheme } as const;
      const target = device('b', { version: '1.0' }, [{ version: '1.0' }, entry], more);
      assert.throws(() => checkDevice(device('a', { version: '1.0' }, [], more), target), {
        code: 'VC-DOCUMENT',
        message,
      });
    });
  }

  it('refuses a device that says nothing of itself, and two schemes', () => {
    assert.throws(() => checkDevice(device('a', {}, ['x']), wide), {
      code: 'VC-DOCUMENT',
      message: /Cannot check a: its self/,
    });
    assert.throws(() => checkDevice(device('a', { version: '1.0' }, [], SCHEME), wide), {
      code: 'VC-DOCUMENT',
      message: /a has the scheme major\.minor\.bugfix, wide opaque$/,
    });
  });
});

describe('selection among documents', () => {
  it('finds a device that all can be, without a list of what they can be', () => {
    const narrow = device('narrow', v5(1), [{ ...FAMILY, variables: { aggr: { type: 'integer', range: [1, 2] } } }]);
    assert.equal(selected(device('wide', v5(4), [FAMILY]), narrow), 'V5_x1');
    assert.equal(selected(device('wide', v5(2), [FAMILY]), narrow), 'V5_x2');
  });

  it('compares sets as sets however they are written, where anybody says that they are sets', () => {
    const text = device('text', { version: 'v1', fields: { pv: 'ppgtt+none' } }, []);
    const set = device('set', { version: 'v1', fields: { pv: ['none', 'ppgtt'] } }, []);
    const list = device('list', {}, [{ version: 'v1', fields: { pv: 'none+ppgtt' } }]);
    const variable = device('variable', {}, [
      { version: 'v1', fields: { pv: '${pv}' }, variables: { pv: { type: 'set', of: ['none', 'ppgtt'] } } },
    ]);
    for (const all of [
      [text, set],
      [set, text],
      [text, set, list],
      [list, text, set],
      [text, list, variable],
    ]) {
      const title = all.map(({ host }) => host).join();
      assert.equal(selected(...all), 'v1', title);
      assert.deepEqual(differingDigests(hostsOf(all)), [], title);
    }
    // nobody says so here: two texts are two texts, and two sets two sets
    assert.equal(differingDigests(hostsOf([text, list])).length, 1);
    const other = device('other', { version: 'v1', fields: { pv: ['none'] } }, []);
    assert.equal(selected(text, other), undefined);
    const nameless = (one: DeviceDocument) => ({ ...one, self: { device_type: TYPE, fields: one.self.fields ?? {} } });
    assert.equal(selected(nameless(text), nameless(set)), 'pv=none+ppgtt');
  });

  it('takes the largest minor that all have, whatever it is called there', () => {
    const at = (host: string, version: string) => device(host, { version }, [{ version }], SCHEME);
    assert.equal(selected(at('a', '1.7.3'), at('b', '1.4.9'), at('c', '1.5')), '1.4');
    assert.equal(selected(at('a', '1.7'), at('b', '2.1')), undefined);
  });

  it('knows what a device of a later minor takes in, listed or not, after what it lists', () => {
    const old = device('old', { version: '1.2' }, [], SCHEME);
    const young = device('young', { version: '1.4.2' }, ['0.9'], SCHEME);
    assert.equal(selected(old, young), '1.2');
    assert.equal(selected(young, old), '1.2');
    assert.deepEqual(
      hostsOf([young, old])[0]?.versions.map(({ version }) => version),
      ['1.4', '0.9', '1.2'],
    );
  });

  const entry: fc.Arbitrary<CompatibleEntry> = fc.oneof(
    fc.constantFrom('x1', 'x2', 'y').map((version) => ({ version })),
    fc.constantFrom(1, 2).map((size) => ({ version: `x${size}`, fields: { size } })),
    fc.subarray([1, 2, 3], { minLength: 1 }).map((values) => ({
      ...{ version: 'x${n}', fields: { size: '${n}' } },
      variables: { n: { type: 'integer' as const, values } },
    })),
    fc.constant({ version: 'y', tier: 'forward-only' as const }),
  );
  const self = fc.oneof(
    fc.constantFrom('x1', 'y', 'z').map((version) => ({ version })),
    fc.constantFrom(1, 2, 3).map((size) => ({ version: `x${size}`, fields: { size } })),
  );
  const fleet = fc
    .array(fc.tuple(self, fc.array(entry, { maxLength: 4 })), { minLength: 1, maxLength: 4 })
    .map((all) => all.map(([own, entries], index) => device(`h${index}`, own, entries)));

  it('by consensus does not depend on the order of documents', () => {
    const shuffled = fleet.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    let found = 0;
    fc.assert(
      fc.property(shuffled, ([all, others]) => {
        const { version } = selectCommonVersion(hostsOf(all), 'consensus');
        found += Number(version !== undefined);
        assert.equal(selectCommonVersion(hostsOf(others), 'consensus').version, version);
      }),
      { numRuns: 500 },
    );
    assert.ok(found > 0);
  });

  it('only finds what a check of each pair allows', () => {
    fc.assert(
      fc.property(fleet, (all) => {
        const { version } = selectCommonVersion(hostsOf(all), 'source');
        const [source] = all;
        if (version === undefined || source === undefined) return;
        // Another host may have named what the two of a pair only accept.
        const named = hostsOf(all)[0]?.versions.some((one) => one.version === version && one.usable);
        assert.ok(named);
        for (const target of all.slice(1)) {
          const { reasons } = checkDevice(source, target, version);
          assert.deepEqual(
            reasons.filter(({ code }) => code !== 'VC-VERSION-UNKNOWN'),
            [],
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
