import assert from 'node:assert/strict';
import { entriesInForce } from '../../../agent/manager/host-versions.ts';
import { refusedIn } from '../../../agent/manager/refused-entries.ts';
import { digestOf } from '../../../compat-tables/entries/digest.ts';
import type { Entry } from '../../../compat-tables/entries/entry.ts';
import { loadTables } from '../../../compat-tables/entries/load.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { entryOf } from '../support.ts';

const whole = (version: string, given: Partial<Entry> = {}): Entry => {
  const entry = entryOf({ version, ...given });
  return { ...entry, digest: digestOf(entry) };
};
const [a, b, c] = [whole('site.a'), whole('site.b'), whole('site.c')];
const changed = (entry: Entry): Entry => whole(entry.version, { virtioFeatures: 1n << 32n });
const nobody = () => false;
const names = (loaded: readonly Entry[], remembered: readonly Entry[]) =>
  entriesInForce(loaded, remembered, nobody).entries.map(({ version }) => version);

describe('an entry that is refused', () => {
  it('keeps its place of before, wherever the table has the changed one: the default of the host does not move', () => {
    assert.deepEqual(names([changed(c), a, b], [a, b, c]), ['site.a', 'site.b', 'site.c']);
    assert.deepEqual(names([b, c, changed(a)], [a, b, c]), ['site.a', 'site.b', 'site.c']);
    assert.deepEqual(names([changed(c), changed(b), a], [a, b, c]), ['site.a', 'site.b', 'site.c']);
    assert.deepEqual(names([changed(b)], [b]), ['site.b']);
  });

  it('gives way to an order that somebody wrote for the others, and to new ones', () => {
    const d = whole('site.d');
    assert.deepEqual(names([d, changed(c), b, a], [a, b, c]), ['site.d', 'site.b', 'site.c', 'site.a']);
  });

  it('keeps its place among those of its device type', () => {
    const disk = whole('site.a', { deviceType: 'vhost-user-blk' });
    assert.deepEqual(
      entriesInForce([changed(b), disk, a], [a, disk, b], nobody).entries.map(({ deviceType, version }) => [
        deviceType,
        version,
      ]),
      [
        ['vhost-user-blk', 'site.a'],
        ['vhost-user-net', 'site.a'],
        ['vhost-user-net', 'site.b'],
      ],
    );
  });
});

describe('a table file that can no longer be read', () => {
  const row = (version: string, more: object = {}) => {
    return { version, summary: 'x', virtio_features: '0x100000000', limits: {}, tier: 'both-ways', ...more };
  };
  const file = (path: string, ...entries: object[]) => {
    return { path, text: JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries }) };
  };
  const first = file('/etc/tables/10-a.json', row('site.a'), row('site.b'));
  const second = file('/etc/tables/20-b.json', row('site.c'));
  const before = loadTables([first, second]).entries;
  const now = (...files: { path: string; text: string }[]) => {
    const { entries, problems } = loadTables(files);
    return entriesInForce(entries, before, nobody, refusedIn(problems)).entries.map(({ version }) => version);
  };

  it('costs no entry that this host has published: they stay in their places', () => {
    assert.deepEqual(now({ ...first, text: '{' }, second), ['site.a', 'site.b', 'site.c']);
    assert.deepEqual(now(file(first.path, row('site.a', { tier: 'gold' }), row('site.b')), second), [
      'site.a',
      'site.b',
      'site.c',
    ]);
    // it replaces the file of the same name
    assert.deepEqual(now({ path: '/home/tables/10-a.json', text: '[]' }, second), ['site.a', 'site.b', 'site.c']);
  });

  it('may be one of a directory that cannot be read', () => {
    const problems = [new CompatError('VC-TABLE', 'Cannot read /etc/tables: EACCES', { path: '/etc/tables' })];
    const other = file('/usr/tables/30-c.json', row('site.d'));
    const { entries } = loadTables([other]);
    assert.deepEqual(
      entriesInForce(entries, before, nobody, refusedIn(problems)).entries.map(({ version }) => version),
      ['site.d', 'site.a', 'site.b', 'site.c'],
    );
  });

  it('keeps none of another file, and none that was taken out of a sound one', () => {
    assert.deepEqual(now({ ...first, text: '{' }), ['site.a', 'site.b']);
    assert.deepEqual(now(file(first.path, row('site.a')), second), ['site.a', 'site.c']);
  });
});
