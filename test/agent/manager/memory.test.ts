import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InterfaceMemory } from '../../../agent/manager/interface-memory.ts';
import { PublishedMemory } from '../../../agent/manager/published-memory.ts';
import { digestOf } from '../../../compat-tables/entries/digest.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { entryOf, OVS_2_13, temporaryFolder } from '../support.ts';

const entry = (version: string) => {
  const content = entryOf({ version, protocolFeatures: 5n, limits: { queue_pairs: 8 } });
  return { ...content, digest: digestOf(content) };
};

describe('the memory of what was published', () => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'published-versions.json');
  const open = () => new PublishedMemory(folder.path);
  after(() => folder.remove());

  it('is new until something was published, and then what that was', async () => {
    const first = open();
    assert.deepEqual([first.isNew, first.entries, first.problem], [true, [], undefined]);
    await first.keep([entry('v1'), entry('v2')]);
    const second = open();
    assert.deepEqual([second.isNew, second.entries], [false, [entry('v1'), entry('v2')]]);
    await second.keep([entry('v2')]);
    assert.deepEqual(open().entries, [entry('v2')]);
  });

  it('keeps a withdrawal, which changes no digest', async () => {
    const withdrawn = { since: '2026-03-01', why: 'guests lose packets' };
    await open().keep([entry('v1')]);
    await open().keep([{ ...entry('v1'), withdrawn }]);
    assert.deepEqual(open().entries, [{ ...entry('v1'), withdrawn }]);
  });

  it('keeps what is whole of a file that somebody changed, and says so', async () => {
    await open().keep([entry('v1'), entry('v2')]);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"version":"v1"', '"version":"v3"'));
    const { entries, problem } = open();
    assert.deepEqual(entries, [entry('v2')]);
    assert.match(String(problem), /1 of 2 entries/);
  });

  it('is not new, and empty, when the file is none: rows are not believed then', () => {
    const odd: readonly [() => void, RegExp][] = [
      [() => writeFileSync(file, '{"format":1,"entries":[{"ver'), /JSON/],
      [() => writeFileSync(file, '[]'), /an object/],
      [() => writeFileSync(file, '{"format":1,"entries":7}'), /an array/],
      [() => mkdirSync(file), /no regular file/],
      [() => execFileSync('mkfifo', [file]), /no regular file/],
    ];
    for (const [make, why] of odd) {
      rmSync(file, { recursive: true, force: true });
      make();
      const { isNew, entries, problem } = open();
      assert.deepEqual([isNew, entries, problem?.code], [false, [], 'VC-MEMORY']);
      assert.match(String(problem), why);
    }
    rmSync(file);
  });

  it('is passed over when a later release wrote it in another form', () => {
    writeFileSync(file, JSON.stringify({ format: 2, entries: [{ anything: 1 }] }));
    const { isNew, entries, problem } = open();
    assert.deepEqual([isNew, entries, problem?.code], [false, [], 'VC-MEMORY']);
  });

  it('holds until the end where it cannot be written', async () => {
    const memory = new PublishedMemory(join(folder.path, 'missing'));
    await assert.rejects(memory.keep([entry('v1')]), /VC-MEMORY|Cannot write/);
    assert.deepEqual(memory.entries, [entry('v1')]);
  });
});

describe('the memory of interfaces', () => {
  const folder = temporaryFolder();
  const problems: CompatError[] = [];
  const open = () => new InterfaceMemory(folder.path, (problem) => problems.push(problem));
  after(() => folder.remove());
  const sticky = { version: 'v1', digest: '0'.repeat(64), peer: { pid: 7, startTime: '1', bootId: 'b', socket: 's' } };

  it('has what was measured and which modes were given, of those that are there', async () => {
    const first = open();
    assert.equal(first.isNew, true);
    first.keepHost(OVS_2_13);
    first.keep('a', { abilities: OVS_2_13, sticky });
    first.keep('b', { abilities: OVS_2_13 });
    first.keep('c', { sticky });
    first.keep('d', {});
    first.forget('d');
    await first.save();
    const second = open();
    assert.deepEqual([second.isNew, second.host, second.of('d')], [false, OVS_2_13, undefined]);
    assert.deepEqual(second.of('a'), { abilities: OVS_2_13, sticky });
    assert.deepEqual(second.of('b'), { abilities: OVS_2_13, sticky: undefined });
    assert.deepEqual(second.of('c'), { abilities: undefined, sticky });
  });

  it('forgets what was removed while nobody looked', async () => {
    const memory = open();
    memory.keepOnly(new Set(['b', 'other']));
    assert.deepEqual([memory.of('a'), memory.of('b')?.abilities], [undefined, OVS_2_13]);
    await memory.save();
    assert.equal(open().of('a'), undefined);
  });

  it('says once that it cannot be written, as long as that is so', async () => {
    const missing = join(folder.path, 'missing');
    const told: CompatError[] = [];
    const memory = new InterfaceMemory(missing, (problem) => told.push(problem));
    for (let i = 0; i < 5; i++) await memory.save();
    assert.deepEqual(
      told.map(({ code }) => code),
      ['VC-MEMORY'],
    );
    mkdirSync(missing);
    await memory.save();
    rmSync(missing, { recursive: true });
    memory.keep('a', {});
    await memory.save();
    assert.equal(told.length, 2);
  });

  it('is empty when the file is damaged, and not new', () => {
    writeFileSync(join(folder.path, 'interfaces.json'), '{"format":1,"backends":[],"interfaces":[{"id":"../x"}]}');
    const memory = open();
    assert.deepEqual([memory.isNew, memory.host, memory.of('a')], [false, undefined, undefined]);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['VC-MEMORY'],
    );
  });
});
