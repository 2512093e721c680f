import assert from 'node:assert/strict';
import { makeEntry } from '../../../compat-tables/define/make-entry.ts';
import type { Entry } from '../../../compat-tables/entries/entry.ts';
import { definedEntries, entryFile, readEntry } from '../../../compat-tables/entries/entry-file.ts';
import { hostLike } from '../hosts.ts';
import { shippedEntries } from '../shipped.ts';

function made(version: string, release = 'ovs-3.1'): Entry {
  const abilities = hostLike(release).abilities ?? assert.fail();
  const parts = {
    version,
    deviceType: 'vhost-user-net',
    abilities,
    summary: 'for a test',
    covers: [],
    sources: ['a test'],
  };
  return makeEntry(parts);
}

describe('an entry as a table file', () => {
  it('keeps every shipped entry as it is', () => {
    for (const entry of shippedEntries()) assert.deepEqual(readEntry(entryFile(entry), entry.origin), entry);
  });

  it('leaves out limits that say nothing', () => {
    const abilities = {
      ...(hostLike('ovs-3.1').abilities ?? assert.fail()),
      limits: { queue_pairs: 0, ring_size: 256 },
    };
    const parts = { version: 'site.a', deviceType: 'vhost-user-net', abilities, summary: 's', covers: [], sources: [] };
    assert.deepEqual(makeEntry(parts).limits, { ring_size: 256 });
  });

  it('refuses a name that no table file could have', () => {
    assert.throws(() => made('site/x'), { code: 'VC-TABLE', message: /version is "site\/x"/ });
  });

  it('refuses a text with several entries, or none', () => {
    const empty = JSON.stringify({ format: 1, device_type: 'vhost-user-net', entries: [] });
    assert.throws(() => readEntry(empty, 'here'), { code: 'VC-TABLE', message: /holds 0 entries/ });
  });
});

describe('versions that clients defined', () => {
  const define = (...entries: readonly Entry[]) => new Map(entries.map((entry) => [entry.version, entryFile(entry)]));

  it('come with the origin "defined", by name', () => {
    const { entries, problems } = definedEntries(define(made('site.b'), made('site.a')), shippedEntries());
    assert.deepEqual(problems, []);
    assert.deepEqual(
      entries.map(({ version, origin }) => [version, origin]),
      [
        ['site.a', 'defined'],
        ['site.b', 'defined'],
      ],
    );
  });

  it('are not said twice when a table has them, and yield to a table that has others', () => {
    const inTable = { ...made('site.a'), origin: '/etc/50-site.json' };
    assert.deepEqual(definedEntries(define(made('site.a')), [inTable]), { entries: [], problems: [] });
    const { entries, problems } = definedEntries(define(made('site.a', 'ovs-3.5')), [inTable]);
    assert.deepEqual([entries, problems.map(({ code }) => code)], [[], ['VC-VERSION-EXISTS']]);
    assert.match(problems[0]?.message ?? '', /50-site\.json has it with other content/);
  });

  it('stand beside one of the same name in a table of another device type', () => {
    const inTable = { ...made('site.a', 'ovs-3.5'), deviceType: 'vhost-user-blk' };
    const { entries, problems } = definedEntries(define(made('site.a')), [inTable]);
    assert.deepEqual([entries.map(({ version }) => version), problems], [['site.a'], []]);
  });

  it('that cannot be read cost nothing else', () => {
    const defined = new Map([
      ...define(made('site.a')),
      ['site.broken', '{'],
      ['site.other', entryFile(made('site.name'))],
    ]);
    const { entries, problems } = definedEntries(defined, []);
    assert.deepEqual(
      entries.map(({ version }) => version),
      ['site.a'],
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['VC-TABLE', 'VC-TABLE'],
    );
    assert.match(problems[1]?.message ?? '', /definition of site\.other: it defines site\.name/);
  });
});
