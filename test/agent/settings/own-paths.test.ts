import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { resolveConfig } from '../../../agent/settings/config.ts';
import { ownPaths, portDirectories } from '../../../agent/settings/own-paths.ts';
import { temporaryFolder } from '../support.ts';

describe('the paths that no port may have', () => {
  it('are those of the embedded database', () => {
    const own = ownPaths(resolveConfig({ db_remotes: ['punix:/run/a.sock', 'ptcp:6640'], database: '/var/x.db' }));
    for (const path of ['/run/a.sock', '/run/vhost-compat/api.sock', '/run/vhost-compat-relay', '/var/x.db-wal'])
      assert.ok(own.includes(path), path);
  });

  it('are those of an OVSDB server elsewhere, too', () => {
    const own = ownPaths(resolveConfig({ db: 'unix:/run/openvswitch/db.sock,tcp:10.0.0.1:6640' }));
    assert.ok(own.includes('/run/openvswitch/db.sock'));
  });
});

describe('the directories of sockets that nobody has set', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const paths = (settings: Parameters<typeof resolveConfig>[0]) =>
    portDirectories(resolveConfig(settings)).map(({ path }) => path);

  it('are those of switches, of libvirt and of guests, and none where everybody may make files', () => {
    const run_dir = join(folder.path, 'none');
    const found = paths({ run_dir });
    for (const path of ['/run/vhost-user', '/run/openvswitch', '/run/libvirt', '/var/lib/libvirt/qemu'])
      assert.ok(found.includes(path), path);
    for (const path of ['/tmp', '/run', run_dir]) assert.ok(!found.includes(path), path);
  });

  it('have the run directory where an earlier release shared it with guests', () => {
    const run_dir = join(folder.path, 'run');
    mkdirSync(run_dir);
    for (const [mode, isShared] of [
      [0o750, false],
      [0o755, false],
      [0o770, true],
      [0o1770, true],
    ] as const) {
      chmodSync(run_dir, mode);
      assert.equal(paths({ run_dir }).includes(run_dir), isShared, mode.toString(8));
    }
    assert.deepEqual(paths({ run_dir, socket_dirs: ['/run/a'] }), ['/run/a']);
    assert.deepEqual(paths({ run_dir, socket_dirs: [run_dir] }), [run_dir]);
  });
});
