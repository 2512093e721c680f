import assert from 'node:assert/strict';
import { socketPair } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { BackendLink } from '../../../../agent/relay/link/backend-link.ts';
import { CompatError } from '../../../../compat-tables/errors/compat-error.ts';

describe('a connection to a back-end', () => {
  it('that hung up before it could be asked is told as one that hung up, not as a system call', () => {
    const [near, far] = socketPair().map((fd) => new OwnedFd(fd));
    assert.ok(near && far);
    far.close();
    const ended = { measured: () => assert.fail('measured'), ended: () => {} };
    const link = BackendLink.toMeasure(near, { what: 'vhu0', timeoutMs: 1000 }, ended);
    assert.throws(
      () => link.measure(),
      (error) => {
        assert.ok(error instanceof CompatError);
        assert.equal(error.code, 'VC-VHOST-GONE');
        assert.match(error.message, /the back-end of vhu0: it hung up before it answered GET_FEATURES/);
        return true;
      },
    );
    link.close();
  });
});
