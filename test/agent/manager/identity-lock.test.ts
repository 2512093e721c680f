import assert from 'node:assert/strict';
import { lockName } from '../../../agent/manager/identity-lock.ts';

describe('the lock of a system id', () => {
  it('has a name that the protocol takes, another one for each id', () => {
    const ids = ['a', 'a-b', 'a_b', 'a.b', 'a_2db', '0af1c7de-8f2e-4d2c-9d63-a8a2f6d1c0de'];
    const names = ids.map(lockName);
    for (const name of names) assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_]*$/);
    assert.equal(new Set(names).size, ids.length);
  });
});
