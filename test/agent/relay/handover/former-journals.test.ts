import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { takeFormerJournals } from '../../../../agent/relay/handover/former-journals.ts';
import { temporaryFolder } from '../../support.ts';

describe('the journals of an earlier release', () => {
  let home: ReturnType<typeof temporaryFolder>;
  const former = () => join(home.path, 'ports');
  const folder = () => join(home.path, 'relay', 'ports');
  beforeEach(() => {
    home = temporaryFolder();
    mkdirSync(former(), { mode: 0o700 });
    for (const id of ['a', 'b', 'c']) writeFileSync(join(former(), `${id}.journal`), id, { mode: 0o600 });
  });
  afterEach(() => home.remove());

  function taken(...ids: string[]): string[] {
    takeFormerJournals(former(), folder(), ids);
    try {
      return readdirSync(folder()).sort();
    } catch {
      return [];
    }
  }

  it('move where this release has its own, those of connections that were handed over, and no others', () => {
    assert.deepEqual(taken('a', 'c', 'none'), ['a.journal', 'c.journal']);
    assert.equal(readFileSync(join(folder(), 'c.journal'), 'utf8'), 'c');
    assert.deepEqual(readdirSync(former()), ['b.journal']);
  });

  it('do not come in the place of one that is there', () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'a.journal'), 'new');
    taken('a', 'b');
    assert.equal(readFileSync(join(folder(), 'a.journal'), 'utf8'), 'new');
  });

  it('stay where another user could have put them', function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root gives things away
    chownSync(former(), 64_055, 64_055);
    assert.deepEqual(taken('a'), []);
    chownSync(former(), 0, 0);
    chmodSync(former(), 0o770);
    assert.deepEqual(taken('a'), []);
    chmodSync(former(), 0o700);
    chownSync(join(former(), 'a.journal'), 64_055, 64_055);
    chmodSync(join(former(), 'b.journal'), 0o644);
    assert.deepEqual(taken('a', 'b', 'c'), ['c.journal']);
  });

  it('are not reached through a link', () => {
    renameSync(join(former(), 'a.journal'), join(home.path, 'elsewhere'));
    symlinkSync(join(home.path, 'elsewhere'), join(former(), 'a.journal'));
    assert.deepEqual(taken('a'), []);
    renameSync(former(), join(home.path, 'moved'));
    symlinkSync(join(home.path, 'moved'), former());
    assert.deepEqual(taken('b'), []);
  });
});
