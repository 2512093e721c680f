import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { connectUnix, createEventFd, createMemoryFd, listenUnix } from '../../../agent/fd/libc.ts';
import { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import { processHolds, processServes, sameFile } from '../../../agent/fd/process-descriptors.ts';
import { temporaryFolder, until } from '../support.ts';

describe('what another process holds', () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 's');
  const open: OwnedFd[] = [];
  const children: ChildProcess[] = [];
  const own = (fd: number): number => {
    open.push(new OwnedFd(fd));
    return fd;
  };
  /** A process that inherits these descriptors and runs this script. */
  async function another(script: string, fds: readonly number[] = []): Promise<number> {
    const child = spawn(process.execPath, ['-e', `${script}; console.log("up"); setInterval(() => {}, 1000)`], {
      stdio: ['ignore', 'pipe', 'inherit', ...fds],
    });
    children.push(child);
    if (child.stdout) await once(child.stdout, 'data');
    return child.pid ?? 0;
  }
  afterEach(async () => {
    for (const fd of open.splice(0)) fd.close();
    for (const child of children.splice(0)) {
      child.kill();
      await once(child, 'close');
    }
  });
  after(() => folder.remove());

  it('is found among files that have an inode', async () => {
    const [held, other] = [own(createMemoryFd('a')), own(createMemoryFd('a'))];
    const pid = await another('0', [held]);
    assert.deepEqual([processHolds(pid, held), processHolds(pid, other)], [true, false]);
  });

  it('is found among files that have none, and not taken for another of the same kind', async () => {
    const [held, other] = [own(createEventFd()), own(createEventFd())];
    const pid = await another('0', [held]);
    // Where the kernel does not tell them apart, nothing is said.
    const told = sameFile(held, process.pid, held);
    const want = told === undefined ? [undefined, undefined] : [true, false];
    assert.deepEqual([processHolds(pid, held), processHolds(pid, other)], want);
  });

  it('is unknown of a process that is not there', () => {
    assert.equal(processHolds(0, own(createEventFd())), undefined);
  });

  it('tells who answers at a socket from who only made it', async () => {
    const listener = own(listenUnix(path, 8));
    const pid = await another(`require('net').createServer().listen({ fd: 3 })`, [listener]);
    own(connectUnix(path));
    await until('the connection is accepted', () => processServes(pid, path));
    assert.equal(processServes(process.pid, path), false);
    assert.equal(processServes(pid, `${path}x`), false);
  });
});
