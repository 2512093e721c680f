import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_RUN_DIR, runDirOf } from '../../agent/daemon/run-dir.ts';
import { temporaryFolder } from '../agent/support.ts';

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
