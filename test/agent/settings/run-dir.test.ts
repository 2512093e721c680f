import assert from 'node:assert/strict';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_RUN_DIR, makeRunDir, runDirOf } from '../../../agent/settings/run-dir.ts';
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
      assert.deepEqual(seen(dir), ['770', process.getgid?.()]);
      makeRunDir(dir, GROUP);
      assert.deepEqual(seen(dir), ['770', GROUP]);
    } finally {
      process.umask(before);
    }
  });

  it('stays as the operator made it', () => {
    const dir = join(folder.path, 'own');
    makeRunDir(dir);
    chmodSync(dir, 0o711);
    makeRunDir(dir, GROUP);
    assert.deepEqual(seen(dir), ['711', process.getgid?.()]);
  });
});

describe('the run directory before all else is read', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const config = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  const good = () => config('good.json', '{"run_dir": "/run/configured"}');

  const cases: { title: string; args: () => string[]; want: string }[] = [
    { title: 'nothing says it', args: () => [], want: DEFAULT_RUN_DIR },
    { title: 'the command line says it', args: () => ['--run-dir', '/run/a'], want: '/run/a' },
    { title: 'the command line says it with =', args: () => ['--run-dir=/run/a'], want: '/run/a' },
    { title: 'it stands among others', args: () => ['--log', 'x', '--run-dir', '/run/a', '--api'], want: '/run/a' },
    { title: 'it is relative', args: () => ['--run-dir', 'run'], want: join(process.cwd(), 'run') },
    { title: 'the configuration says it', args: () => ['--config', good()], want: '/run/configured' },
    { title: 'both say it', args: () => ['--config', good(), '--run-dir', '/run/a'], want: '/run/a' },
    { title: 'the configuration has none', args: () => ['--config', config('e.json', '{}')], want: DEFAULT_RUN_DIR },
    { title: 'it is a number', args: () => ['--config', config('n.json', '{"run_dir": 7}')], want: DEFAULT_RUN_DIR },
    { title: 'the configuration is broken', args: () => ['--config', config('b.json', '{')], want: DEFAULT_RUN_DIR },
    { title: 'the configuration is null', args: () => ['--config', config('0.json', 'null')], want: DEFAULT_RUN_DIR },
    { title: 'it is not there', args: () => ['--config', join(folder.path, 'none')], want: DEFAULT_RUN_DIR },
    { title: 'the option has no value', args: () => ['--run-dir'], want: DEFAULT_RUN_DIR },
    { title: 'there are words that nobody knows', args: () => ['--nonsense', 'word', '-x'], want: DEFAULT_RUN_DIR },
  ];
  for (const { title, args, want } of cases) it(`when ${title}`, () => assert.equal(runDirOf(args()), want));
});
