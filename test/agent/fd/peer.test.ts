import assert from 'node:assert/strict';
import { chmodSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { connectUnix, listenUnix } from '../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import { identifyPeer, type PeerIdentity, peerAlive, samePeer, socketPath } from '../../../agent/fd/peer.ts';
import { temporaryFolder } from '../support.ts';

const NOBODY = 65_534;

describe('a peer that we connected to', () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 's');
  const open: OwnedFd[] = [];
  const listen = () => open.push(new OwnedFd(listenUnix(path, 8)));
  const identify = (): PeerIdentity => {
    const fd = new OwnedFd(connectUnix(path));
    open.push(fd);
    return identifyPeer(fd.raw, path);
  };
  afterEach(() => {
    for (const fd of open.splice(0)) fd.close();
    unlinkSync(path);
  });
  after(() => folder.remove());

  it('is known by its socket file, and gone when there is another one', () => {
    listen();
    const first = identify();
    assert.equal(socketPath(first), path);
    assert.equal(peerAlive(first), true);
    unlinkSync(path);
    assert.equal(peerAlive(first), false);
    listen();
    const second = identify();
    assert.deepEqual([peerAlive(first), peerAlive(second), samePeer(first, second)], [false, true, false]);
  });

  it('is taken for alive while the folder of the socket is closed to us', function () {
    if (process.getuid?.() !== 0) this.skip();
    listen();
    const peer = identify();
    chmodSync(folder.path, 0o700);
    process.seteuid?.(NOBODY);
    try {
      assert.equal(peerAlive(peer), true);
    } finally {
      process.seteuid?.(0);
    }
  });
});
