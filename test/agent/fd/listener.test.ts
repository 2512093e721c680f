import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EndpointOpener } from '../../../agent/fd/endpoint-opener.ts';
import { close, connectUnix, listenUnix } from '../../../agent/fd/libc.ts';
import { Listener } from '../../../agent/fd/listener.ts';
import type { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import { identifyPeer, type PeerIdentity, peerAlive, samePeer } from '../../../agent/fd/peer.ts';
import { aWhile, openDescriptors, temporaryFolder, until } from '../support.ts';

describe('Listener', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let before = 0;
  let path: string;
  const arrived: OwnedFd[] = [];
  const listen = (options = {}) => new Listener(path, options, (fd) => arrived.push(fd));
  beforeEach(() => {
    before = openDescriptors();
    folder = temporaryFolder();
    path = join(folder.path, 's');
  });
  afterEach(() => {
    for (const fd of arrived.splice(0)) fd.close();
    folder.remove();
    assert.equal(openDescriptors(), before, 'every descriptor is closed');
  });

  it('hands on what connects, and removes its file in the end', async () => {
    const listener = listen();
    const fds = [connectUnix(path), connectUnix(path)];
    await until('two connections', () => arrived.length === 2);
    listener.close();
    listener.close();
    assert.equal(existsSync(path), false);
    for (const fd of fds) close(fd);
  });

  it('makes its file 0660 and leaves the umask as it was', () => {
    const umask = process.umask(0o022);
    try {
      const listener = listen();
      assert.equal(statSync(path).mode & 0o777, 0o660);
      listener.close();
      const open = listen({ mode: 0o666, group: process.getgid?.() ?? 0 });
      assert.equal(statSync(path).mode & 0o777, 0o666);
      open.close();
      assert.equal(process.umask(), 0o022);
    } finally {
      process.umask(umask);
    }
  });

  it('replaces a socket file that nobody serves', () => {
    close(listenUnix(path, 1));
    assert.equal(existsSync(path), true);
    listen().close();
    assert.equal(existsSync(path), false);
  });

  it('leaves a path alone that somebody serves', () => {
    const other = listen();
    assert.throws(() => listen(), { code: 'VC-ENDPOINT-TAKEN' });
    assert.equal(existsSync(path), true);
    other.close();
  });

  for (const { title, make } of [
    { title: 'a file', make: () => writeFileSync(path, 'precious') },
    { title: 'a directory', make: () => mkdirSync(path) },
    { title: 'a symbolic link', make: () => symlinkSync('/nowhere', path) },
  ]) {
    it(`refuses ${title} and leaves it alone`, () => {
      make();
      assert.throws(() => listen(), { code: 'VC-ENDPOINT' });
      assert.ok(lstatSync(path));
    });
  }

  it('refuses a directory that is not there, a name that is too long, and a group that it may not set', () => {
    assert.throws(() => new Listener(join(folder.path, 'no', 's'), {}, () => {}), { code: 'VC-ENDPOINT' });
    assert.throws(() => new Listener(join(folder.path, 'x'.repeat(108)), {}, () => {}), { code: 'VC-ENDPOINT' });
  });

  it('does not remove the file of another who took the path over', () => {
    const first = listen();
    renameSync(path, `${path}.old`);
    const second = listen();
    first.close();
    assert.equal(existsSync(path), true);
    second.close();
  });

  it('leaves connections waiting while it is held', async () => {
    const listener = listen();
    listener.hold();
    const fd = connectUnix(path);
    await aWhile(20);
    assert.equal(arrived.length, 0);
    listener.resume();
    await until('the connection', () => arrived.length === 1);
    listener.close();
    close(fd);
  });
});

describe('Door', () => {
  it('tries until somebody listens, rests when it has one, and tries again when it is opened anew', async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 's');
    const peers: PeerIdentity[] = [];
    let opened = 0;
    const door = new EndpointOpener(
      { role: 'connect', path },
      { firstPauseMs: 2, longestPauseMs: 4 },
      {
        opened: () => (opened += 1),
        arrived: (fd, peer) => {
          peers.push(peer);
          fd.close();
        },
        failed: assert.fail,
      },
    );
    try {
      door.open();
      await until('it is open', () => opened === 1);
      await aWhile(20);
      const listener = new Listener(path, {}, (fd) => fd.close());
      await until('a connection', () => peers.length === 1);
      await aWhile(20);
      assert.equal(peers.length, 1);
      door.open();
      await until('another connection', () => peers.length === 2);
      assert.equal(opened, 2);
      listener.close();
    } finally {
      door.close();
      folder.remove();
    }
  });

  it('complains once of what will not go away by waiting, and goes on trying', async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 's');
    writeFileSync(path, '');
    const failures: string[] = [];
    const door = new EndpointOpener(
      { role: 'listen', path },
      { firstPauseMs: 2, longestPauseMs: 4 },
      {
        arrived: () => {},
        failed: (error) => failures.push(error.code),
      },
    );
    try {
      door.open();
      await aWhile(40);
      assert.deepEqual(failures, ['VC-ENDPOINT']);
    } finally {
      door.close();
      folder.remove();
    }
  });
});

describe('identity of a peer', () => {
  const base: PeerIdentity = { pid: 5, startTime: '100', bootId: 'a' };
  const cases = [
    { title: 'the same process', other: base, same: true },
    { title: 'a process number that came back', other: { ...base, startTime: '200' }, same: false },
    { title: 'another process', other: { ...base, pid: 6 }, same: false },
    { title: 'another boot', other: { ...base, bootId: 'b' }, same: false },
    { title: 'a start time that cannot be read', other: { ...base, startTime: '' }, same: true },
  ];
  for (const { title, other, same } of cases)
    it(`${same ? 'is kept by' : 'differs for'} ${title}`, () => assert.equal(samePeer(base, other), same));

  it('is taken for the same when the kernel does not tell the process', () => {
    const unknown = { pid: 0, startTime: '', bootId: 'a' };
    assert.equal(samePeer(unknown, { ...unknown }), true);
    assert.equal(samePeer(unknown, base), false);
  });

  it('is that of the socket file when we connected', () => {
    const a = { ...base, socket: '1:2:3 /x' };
    assert.equal(samePeer(a, { ...a, startTime: '200' }), true);
    assert.equal(samePeer(a, { ...a, socket: '1:4:5 /x' }), false);
    assert.equal(samePeer(a, base), false);
  });

  it('lives as long as its process, or its socket file', async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 's');
    const child = spawn(process.execPath, [
      '-e',
      `require('net').connect(${JSON.stringify(path)}).on('error', () => {}); setInterval(() => {}, 1000)`,
    ]);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let accepted: OwnedFd | undefined;
    const listener = new Listener(path, {}, (fd) => {
      accepted = fd;
    });
    try {
      await until('the child connects', () => accepted !== undefined);
      const identity = identifyPeer(accepted?.raw ?? -1);
      assert.equal(identity.pid, child.pid);
      assert.match(identity.startTime, /^\d+$/);
      assert.equal(peerAlive(identity), true);
      assert.equal(peerAlive({ ...identity, startTime: '1' }), false);
      assert.equal(peerAlive({ ...identity, bootId: 'another' }), false);
      child.kill('SIGKILL');
      await exited;
      assert.equal(peerAlive(identity), false);

      const connection = connectUnix(path);
      const byFile = identifyPeer(connection, path);
      close(connection);
      assert.equal(byFile.pid, process.pid);
      assert.equal(peerAlive(byFile), true);
      listener.close();
      assert.equal(peerAlive(byFile), false);
    } finally {
      child.kill('SIGKILL');
      accepted?.close();
      listener.close();
      folder.remove();
    }
  });
});
