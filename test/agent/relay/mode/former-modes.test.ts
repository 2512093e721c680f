import assert from 'node:assert/strict';
import { FormerModes } from '../../../../agent/relay/mode/former-modes.ts';

describe('the modes of a removed interface', () => {
  const peer = (pid: number) => ({ pid, startTime: '1', bootId: 'b' });
  const mode = (pid: number) => ({ version: 'v1', digest: '0'.repeat(64), peer: peer(pid) });
  const living = (...pids: number[]) => new FormerModes(({ pid }) => pids.includes(pid));

  it('are found again by the socket of the front-end, whatever its path looks like and who listens, once', () => {
    const former = living(1);
    former.keep('listen:/var/run/vm/../vm//f', [mode(1)]);
    assert.deepEqual(former.take('connect:/run/vm/other'), []);
    assert.deepEqual(former.take('connect:/run/vm/f'), [mode(1)]);
    assert.deepEqual(former.take('connect:/run/vm/f'), []);
  });

  it('end with their processes', () => {
    const pids = [1, 2];
    const former = living(...pids);
    former.keep('listen:/f', [mode(1), mode(3)]);
    assert.deepEqual(former.take('listen:/f'), [mode(1)]);
  });

  it('are those of so many interfaces, the last ones', () => {
    const former = living(1);
    for (let i = 0; i <= 10_000; i++) former.keep(`listen:/f${i}`, [mode(1)]);
    assert.deepEqual(former.take('listen:/f0'), []);
    assert.deepEqual(former.take('listen:/f1'), [mode(1)]);
    assert.deepEqual(former.take('listen:/f10000'), [mode(1)]);
  });
});
