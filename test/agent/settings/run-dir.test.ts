import assert from 'node:assert/strict';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeRunDir } from '../../../agent/settings/run-dir.ts';
import { temporaryFolder } from '../support.ts';

describe('the run directory', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const GROUP = 64_055;
  const seen = (dir: string) => {
    const { gid, mode } = statSync(dir);
    return [(mode & 0o777).toString(8), gid];
  };

  it('is for the owner and the group of the sockets, whatever the umask, also when the keeper made it', function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root gives things to other groups
    const before = process.umask(0o077);
    try {
      const dir = join(folder.path, 'deep', 'run');
      makeRunDir(dir);
      assert.deepEqual(seen(dir), ['750', process.getgid?.()]);
      makeRunDir(dir, GROUP);
      assert.deepEqual(seen(dir), ['750', GROUP]);
    } finally {
      process.umask(before);
    }
  });

  it('of an earlier release becomes sticky: guests may have their sockets there', () => {
    const dir = join(folder.path, 'earlier');
    makeRunDir(dir);
    chmodSync(dir, 0o770);
    makeRunDir(dir);
    assert.equal(statSync(dir).mode & 0o7777, 0o1770);
  });

  it('of an agent without a user goes to the user that it has now, with the group and the permissions of the guests there', function () {
    if (process.getuid?.() !== 0) return this.skip(); // only root gives things away
    const manager = { uid: 64_053, gid: 64_053 };
    const dir = join(folder.path, 'given');
    makeRunDir(dir);
    chmodSync(dir, 0o770);
    chownSync(dir, 0, GROUP);
    makeRunDir(dir, undefined, manager);
    const { uid, gid, mode } = statSync(dir);
    assert.deepEqual([uid, gid, (mode & 0o7777).toString(8)], [manager.uid, GROUP, '1770']);
  });

  it('that is something else than ours is given to nobody', function () {
    if (process.getuid?.() !== 0) return this.skip();
    const dir = join(folder.path, 'system');
    makeRunDir(dir);
    chmodSync(dir, 0o755);
    makeRunDir(dir, undefined, { uid: 64_053, gid: 64_053 });
    assert.equal(statSync(dir).uid, 0);
  });

  it('stays as the operator made it', () => {
    const dir = join(folder.path, 'own');
    makeRunDir(dir);
    chmodSync(dir, 0o711);
    makeRunDir(dir, GROUP);
    assert.deepEqual(seen(dir), ['711', process.getgid?.()]);
  });
});
