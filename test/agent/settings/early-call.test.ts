import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPTIONS } from '../../../agent/settings/arguments.ts';
import { earlyCall } from '../../../agent/settings/early-call.ts';
import { AGENT } from '../../programs.ts';
import { temporaryFolder } from '../support.ts';

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
    { title: 'nothing says it', args: () => [], want: '/run/vhost-compat' },
    { title: 'the command line says it', args: () => ['--run-dir', '/run/a'], want: '/run/a' },
    { title: 'the command line says it with =', args: () => ['--run-dir=/run/a'], want: '/run/a' },
    { title: 'it stands among others', args: () => ['--log', 'x', '--run-dir', '/run/a', '--api'], want: '/run/a' },
    { title: 'it is relative', args: () => ['--run-dir', 'run'], want: join(process.cwd(), 'run') },
    { title: 'the configuration says it', args: () => ['--config', good()], want: '/run/configured' },
    { title: 'both say it', args: () => ['--config', good(), '--run-dir', '/run/a'], want: '/run/a' },
    {
      title: 'the configuration has none',
      args: () => ['--config', config('e.json', '{}')],
      want: '/run/vhost-compat',
    },
    {
      title: 'it is a number',
      args: () => ['--config', config('n.json', '{"run_dir": 7}')],
      want: '/run/vhost-compat',
    },
    {
      title: 'the configuration is broken',
      args: () => ['--config', config('b.json', '{')],
      want: '/run/vhost-compat',
    },
    {
      title: 'the configuration is null',
      args: () => ['--config', config('0.json', 'null')],
      want: '/run/vhost-compat',
    },
    { title: 'it is not there', args: () => ['--config', join(folder.path, 'none')], want: '/run/vhost-compat' },
    { title: 'the option has no value', args: () => ['--run-dir'], want: '/run/vhost-compat' },
    { title: 'there are words that nobody knows', args: () => ['--nonsense', 'word', '-x'], want: '/run/vhost-compat' },
  ];
  for (const { title, args, want } of cases)
    it(`when ${title}`, () => assert.equal(earlyCall(args(), {}).relayDir, `${want}-relay`));
});

describe('the run directory in the environment', () => {
  it('is used when no flag gives it', () => {
    const env = { VHOST_COMPATD_RUN_DIR: '/run/e' };
    assert.equal(earlyCall([], env).relayDir, '/run/e-relay');
    assert.equal(earlyCall(['--run-dir', '/run/a'], env).relayDir, '/run/a-relay');
    assert.equal(earlyCall(['--relay-dir', '/run/r'], env).relayDir, '/run/r');
    assert.equal(earlyCall([], { ...env, VHOST_COMPATD_RELAY_DIR: '/run/r' }).relayDir, '/run/r');
  });
});

describe('what a call of vhost-compatd is for', () => {
  const cases: { args: string[]; agent: boolean }[] = [
    { args: [], agent: true },
    { args: ['--run-dir', '/run/x', '--log-level=debug', '-p', 'key.pem'], agent: true },
    { args: ['--hostname', 'probe', '--api', '--check-state'], agent: true },
    { args: ['--run-dir', '/run/x', '--check-state'], agent: false },
    { args: ['--help'], agent: false },
    { args: ['-V'], agent: false },
    { args: ['relay'], agent: true },
    { args: ['manager'], agent: false },
    { args: ['probe', 'connect:/run/b'], agent: false },
    { args: ['--run-dir', '/run/x', 'mock-backend', 'listen:/run/b', '--like', 'ovs-3.1'], agent: false },
  ];
  for (const { args, agent } of cases) {
    it(`${args.join(' ') || 'no words'}: ${agent ? 'the agent' : 'something else'}`, () => {
      assert.equal(earlyCall(args, {}).servesPorts, agent);
    });
  }

  it('knows every option that takes a value', () => {
    const { stdout } = spawnSync(process.execPath, [AGENT, '--help'], { encoding: 'utf8' });
    const taking = [...stdout.matchAll(/^ +((?:-\w, )?--[\w-]+) </gm)].flatMap(([, names = '']) => names.split(', '));
    const known = OPTIONS.filter(({ placeholder }) => placeholder !== undefined);
    assert.deepEqual(
      known.flatMap(({ short, flag }) => [...(short === undefined ? [] : [short]), flag]).sort(),
      taking.sort(),
    );
  });
});
