import assert from 'node:assert/strict';
import { effectiveDefault } from '../../../compat-tables/compare/default-version.ts';
import { matrix } from '../../../compat-tables/compare/matrix.ts';
import { selectCommonVersion } from '../../../compat-tables/compare/select.ts';
import type { SelectableHost } from '../../../compat-tables/compare/selection-input.ts';
import type { Entry } from '../../../compat-tables/entries/entry.ts';
import { entryFile, readEntry } from '../../../compat-tables/entries/entry-file.ts';
import { loadTables } from '../../../compat-tables/entries/load.ts';
import { lintTables } from '../../../compat-tables/lint/lint.ts';
import { whatIf } from '../../../compat-tables/moves/what-if.ts';
import { findRelease } from '../../../compat-tables/releases/releases.ts';
import { ask, everything, hostLike, hostOf, running } from '../hosts.ts';
import { entryLike } from '../shipped.ts';

const WITHDRAWN = { since: '2026-03-01', why: 'guests lose packets', use: 'site.v2' };
const row = (version: string, more: object = {}) => {
  return {
    version,
    summary: 'x',
    virtio_features: '0x144668182',
    limits: { queue_pairs: 1, ring_size: 256 },
    tier: 'both-ways',
    ...more,
  };
};
const file = (...entries: object[]) => {
  return { path: '50-site.json', text: JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries }) };
};
const read = (...entries: object[]) => loadTables([file(...entries)]);

describe('a withdrawn entry', () => {
  it('says since when, why and what to use instead, and promises what it promised', () => {
    const { entries, problems } = read(row('site.v1', { withdrawn: WITHDRAWN }), row('site.v2'));
    assert.deepEqual([problems, entries[0]?.withdrawn, entries[1]?.withdrawn], [[], WITHDRAWN, undefined]);
    assert.equal(entries[0]?.digest, read(row('site.v1')).entries[0]?.digest);
    assert.deepEqual(readEntry(entryFile(entries[0] as Entry), 'x').withdrawn, WITHDRAWN);
    const { use: _, ...without } = WITHDRAWN;
    assert.deepEqual(read(row('site.v1', { withdrawn: without })).entries[0]?.withdrawn, without);
  });

  for (const [title, withdrawn, want] of [
    ['no object', true, /withdrawn is true; wanted an object of "since", "why"/],
    ['without a reason', { since: 'x' }, /withdrawn has no "why"; wanted/],
    ['without a date', { why: 'x' }, /withdrawn has no "since"; wanted/],
    ['with an empty reason', { since: 'x', why: ' ' }, /"why" of withdrawn is " "; wanted a text/],
    ['with a bad version', { since: 'x', why: 'y', use: 'a b' }, /version is "a b"/],
    [
      'with a member that is not known',
      { since: 'x', why: 'y', until: 'z' },
      /member "until" is not known; wanted only since, why, use/,
    ],
  ] as const)
    it(`is refused when it is ${title}`, () => {
      const { entries, problems } = read(row('site.v1', { withdrawn }));
      assert.deepEqual([entries.length, problems.map(({ code }) => code)], [0, ['VC-TABLE']]);
      assert.match(problems[0]?.message ?? '', want);
    });

  it('is linted: what to use instead has to be there and not be withdrawn itself', () => {
    const texts = (...entries: object[]) =>
      lintTables([file(...entries)])
        .filter(({ rule }) => rule === 'withdrawn')
        .map(({ text }) => text);
    assert.deepEqual(texts(row('site.v1', { withdrawn: WITHDRAWN }), row('site.v2')), []);
    assert.match(
      texts(row('site.v1', { withdrawn: WITHDRAWN })).join(),
      /replaced by site\.v2, which no table here defines/,
    );
    assert.match(
      texts(row('site.v1', { withdrawn: WITHDRAWN }), row('site.v2', { withdrawn: { since: 'x', why: 'y' } })).join(
        '\n',
      ),
      /replaced by site\.v2, which is withdrawn itself\n.*names no version to use instead/,
    );
    assert.match(texts(row('site.v2', { withdrawn: WITHDRAWN })).join(), /names itself/);
    const shipped = { ...WITHDRAWN, use: 'upstream.ovs-dpdk.v2.6' };
    assert.deepEqual(texts(row('site.v1', { withdrawn: shipped })), []);
  });
});

describe('a withdrawn version', () => {
  const version = (name: string, withdrawn?: object) => {
    const status = { version: name, digest: name, usable: true, blockers: [] };
    return withdrawn === undefined ? status : { ...status, withdrawn: WITHDRAWN };
  };
  const host = (name: string, ...versions: SelectableHost['versions']): SelectableHost => {
    return { host: name, deviceType: 'vhost-user-net', versions };
  };
  const [one, two] = [host('one', version('v1', WITHDRAWN), version('v2')), host('two', version('v1'), version('v2'))];

  it('is not selected when one host says so, and the reason is told', () => {
    for (const policy of ['source', 'consensus'] as const) {
      const selection = selectCommonVersion([two, one], policy);
      assert.equal(selection.version, 'v2');
      const [v1] = selection.rows;
      assert.deepEqual(
        [
          v1?.version,
          v1?.common,
          v1?.usableSomewhere,
          v1?.lacking.map(({ host: name, code, reason }) => [name, code, reason]),
        ],
        [
          'v1',
          false,
          true,
          [
            [
              'one',
              'VC-VERSION-WITHDRAWN',
              'it is withdrawn since 2026-03-01: guests lose packets; use site.v2 instead',
            ],
          ],
        ],
      );
    }
    assert.equal(selectCommonVersion([host('three', version('v1', WITHDRAWN))], 'source').version, undefined);
    assert.deepEqual(
      matrix([one, two]).rows[0]?.cells.map(({ state }) => state),
      ['withdrawn', 'usable'],
    );
  });

  it('is no default unless it is named as that', () => {
    const versions = [
      { version: 'v1', deviceType: 'vhost-user-net', usable: true, withdrawn: WITHDRAWN },
      { version: 'v2', deviceType: 'vhost-user-net', usable: true },
    ];
    assert.equal(effectiveDefault('vhost-user-net', undefined, versions), 'v2');
    assert.equal(effectiveDefault('vhost-user-net', 'v1', versions), 'v1');
    assert.equal(effectiveDefault('vhost-user-net', undefined, versions.slice(0, 1)), undefined);
  });

  it('goes on where it runs: its guest moves in it, and is told; one that runs in another does not get it', () => {
    const features = hostLike('ovs-3.1').abilities ?? assert.fail();
    const entry = (name: string, withdrawn?: typeof WITHDRAWN) =>
      entryLike({
        version: name,
        digest: name,
        virtioFeatures: features.virtioFeatures,
        limits: {},
        ...(withdrawn && { withdrawn }),
      });
    const entries = [entry('site.v1', WITHDRAWN), entry('site.v2')];
    const [home, there] = [hostOf('home', features, { entries }), hostOf('there', features, { entries })];
    const same = ask(running(home, 'site.v1', everything), home, there);
    assert.deepEqual([same.pin?.version, same.others.map(({ version: name }) => name)], ['site.v1', ['site.v2']]);
    assert.match(
      same.warnings.join(),
      /site\.v1 is withdrawn since 2026-03-01: guests lose packets; use site\.v2 instead \[VC-VERSION-WITHDRAWN\]/,
    );
    const other = ask(running(home, 'site.v2', everything), home, there);
    assert.deepEqual([other.pin?.version, other.warnings, other.asItStands?.version], ['site.v2', [], 'site.v2']);
    const unknown = { ...running(home, 'site.v2', everything), inForce: 'site.v3' };
    assert.equal(ask(unknown, home, there).pin?.version, 'site.v2');
    const only = hostOf('only', features, { entries: [entry('site.v1', WITHDRAWN)] });
    assert.match(ask(unknown, home, only).warnings.join(), /site\.v1 is withdrawn/);
  });
});

describe('a withdrawn release', () => {
  it('is told of by what-if, with the one to use instead', () => {
    const { warnings } = whatIf(hostLike('dpdk-22.11'), findRelease('dpdk-23.11.1'));
    assert.match(
      warnings.join(),
      /^dpdk-23\.11 is withdrawn since DPDK 23\.11\.3: .* use dpdk-23\.11\.3 instead \[VC-VERSION-WITHDRAWN\]/,
    );
    assert.deepEqual(whatIf(hostLike('dpdk-22.11'), findRelease('dpdk-23.11.3')).warnings, []);
  });
});
