import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { close, createEventFd } from '../../../agent/fd/libc.ts';
import { inheritedDescriptors, MOST_NAMES } from '../../../agent/keeper/inherited.ts';
import { program } from './stage.ts';

const SHELL = 'export LISTEN_PID=$$; exec "$0" "$@"';

describe('inheritedDescriptors', () => {
  const refused: [title: string, env: NodeJS.ProcessEnv][] = [
    ['no variables', {}],
    ['another process', { LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x' }],
    ['no process', { LISTEN_FDS: '1', LISTEN_FDNAMES: 'x' }],
    ['no number', { LISTEN_PID: String(process.pid), LISTEN_FDS: '-1' }],
    ['an empty number', { LISTEN_PID: String(process.pid), LISTEN_FDS: '' }],
    ['none', { LISTEN_PID: String(process.pid), LISTEN_FDS: '0', LISTEN_FDNAMES: '' }],
  ];
  for (const [title, env] of refused) {
    it(`finds nothing where the variables name ${title}, and removes them`, () => {
      assert.deepEqual([...inheritedDescriptors(env)], []);
      assert.deepEqual(env, {});
    });
  }

  it('the environment of a process has room for the longest list of names, and for no more', () => {
    const start = (names: string) =>
      spawnSync('/bin/true', { env: { LISTEN_FDNAMES: names } }).error as NodeJS.ErrnoException | undefined;
    assert.equal(start('x'.repeat(MOST_NAMES)), undefined);
    assert.equal(start('x'.repeat(MOST_NAMES + 1))?.code, 'E2BIG');
  });

  it('finds each by its name, skips what is not open, keeps them from further processes', () => {
    const fd = createEventFd();
    const names = { LISTEN_FDS: '4', LISTEN_FDNAMES: 'a::a:gone' };
    const args = ['-c', SHELL, ...program('heir')];
    const stdio = ['ignore', 'pipe', 'inherit', fd, fd, fd] as const;
    const { stdout } = spawnSync('/bin/sh', args, { env: { ...process.env, ...names }, stdio: [...stdio] });
    close(fd);
    const { found, open, again } = JSON.parse(stdout.toString());
    assert.deepEqual(found.a, [3, 5]);
    assert.deepEqual(found.unknown, [4]);
    assert.deepEqual(open, []); // of these, in a process that it started
    assert.deepEqual(again, 0);
  });
});
