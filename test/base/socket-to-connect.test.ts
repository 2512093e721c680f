import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSocketFile } from '../../base/socket-to-connect.ts';

describe('a socket file that is opened to be connected to', () => {
  let folder: string;
  let path: string;
  let server: Server | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vc-'));
    path = join(folder, 's');
  });
  afterEach(() => {
    server?.close();
    server = undefined;
    rmSync(folder, { recursive: true });
  });
  async function listen(at: string, greeting = ''): Promise<void> {
    server = createServer((socket) => socket.end(greeting)).listen(at);
    await once(server, 'listening');
  }

  it('stays the same when another file takes its name', async () => {
    await listen(path, 'hello');
    const file = openSocketFile(path);
    renameSync(path, `${path}2`);
    writeFileSync(path, 'another');
    const client = connect(file.path);
    const [data] = await once(client, 'data');
    file.close();
    assert.equal(String(data), 'hello');
  });

  it('may be reached by a link that nobody else controls', async () => {
    await listen(path);
    symlinkSync('s', join(folder, 'link'));
    openSocketFile(join(folder, 'link')).close();
  });

  it('has one name only', async () => {
    await listen(path);
    linkSync(path, join(folder, 'second'));
    assert.throws(() => openSocketFile(path), { code: 'EAGAIN' });
  });

  for (const { title, make } of [
    { title: 'a file', make: () => writeFileSync(path, '') },
    { title: 'a directory', make: () => mkdirSync(path) },
    { title: 'a FIFO', make: () => execFileSync('mkfifo', [path]) },
    { title: 'a link to a device', make: () => symlinkSync('/dev/null', path) },
  ])
    it(`is not ${title}`, () => {
      make();
      assert.throws(() => openSocketFile(path), /the file is not a socket; wanted the socket of a peer/);
    });

  it('is not found at the end of a circle of links, or of a link that leads nowhere', () => {
    symlinkSync('s', path);
    assert.throws(() => openSocketFile(path), /the file is not a socket/);
    symlinkSync('nowhere', join(folder, 'dangling'));
    assert.throws(() => openSocketFile(join(folder, 'dangling')), { code: 'ENOENT' });
  });
});
