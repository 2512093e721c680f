import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connectUnix } from '../../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../../agent/fd/owned-fd.ts';
import { type PeerIdentity, samePeer } from '../../../../agent/fd/peer.ts';
import { MockFrontend } from '../../../../agent/mock/mock-frontend.ts';
import { encodeRequest } from '../../../../agent/vhost/header.ts';
import { REQUESTS } from '../../../../compat-tables/protocol/requests.ts';
import { benchForEach, Hooks, until, untilState } from '../../support.ts';

describe('a connection that changes hands', () => {
  const bench = benchForEach();

  it('gives its mode to the process that has it now, once, and to nobody for its own messages', async () => {
    await bench.backend();
    const joined: PeerIdentity[] = [];
    const hooks = new (class extends Hooks {
      joined(_mode: unknown, peer: PeerIdentity): void {
        joined.push(peer);
      }
    })();
    const port = bench.port(hooks);
    await untilState(port, 'waiting-frontend');
    const socket = connectUnix(bench.path('f'));
    const frontend = bench.also(new MockFrontend(new OwnedFd(socket)));
    await frontend.negotiate();
    assert.equal(joined.length, 0);
    // as QEMU hands the sockets of its character devices to the process that replaces it
    const hex = Buffer.from(encodeRequest(REQUESTS.SET_OWNER.id)).toString('hex');
    const speak = `const say = () => require('fs').writeSync(3, Buffer.from('${hex}', 'hex')); say(); say()`;
    const heir = spawnSync(process.execPath, ['-e', speak], { stdio: ['ignore', 'ignore', 'inherit', socket] });
    assert.equal(heir.status, 0);
    await until('the heir', () => joined.length > 0);
    await frontend.sync();
    assert.equal(joined[0]?.pid, heir.pid);
    assert.deepEqual(joined.map(({ pid }) => pid).slice(1), [process.pid], 'it is ours again');
    assert.ok(joined[1] && port.status.peer && samePeer(joined[1], port.status.peer));
    assert.ok(hooks.kinds().includes('changed-hands'));
  });
});
