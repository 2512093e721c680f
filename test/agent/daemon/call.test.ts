import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { runsAgent, WITH_VALUE } from '../../../agent/daemon/call.ts';
import { AGENT } from '../../programs.ts';

describe('what a call of vhost-compatd is for', () => {
  const cases: { args: string[]; agent: boolean }[] = [
    { args: [], agent: true },
    { args: ['--run-dir', '/run/x', '--log-level=debug', '-p', 'key.pem'], agent: true },
    { args: ['--hostname', 'probe', '--api', '--check-state'], agent: true },
    { args: ['--run-dir', '/run/x', '--check-state'], agent: false },
    { args: ['--help'], agent: false },
    { args: ['-V'], agent: false },
    { args: ['probe', 'connect:/run/b'], agent: false },
    { args: ['--run-dir', '/run/x', 'mock-backend', 'listen:/run/b', '--like', 'ovs-3.1'], agent: false },
  ];
  for (const { args, agent } of cases) {
    it(`${args.join(' ') || 'no words'}: ${agent ? 'the agent' : 'something else'}`, () => {
      assert.equal(runsAgent(args), agent);
    });
  }

  it('knows every option that takes a value', () => {
    const { stdout } = spawnSync(process.execPath, [AGENT, '--help'], { encoding: 'utf8' });
    const taking = [...stdout.matchAll(/^ +((?:-\w, )?--[\w-]+) </gm)].flatMap(([, names = '']) => names.split(', '));
    assert.deepEqual([...WITH_VALUE].sort(), taking.sort());
  });
});
