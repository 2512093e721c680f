import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SocketFile } from '../../base/socket-file.ts';
import { SocketFileError } from '../../base/socket-file-error.ts';
import { listenOnPath, type UnixServer } from '../../base/unix-server.ts';

describe('the file of a unix socket', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vc-'));
    path = join(folder, 's');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const listen = async (options = {}): Promise<UnixServer> => listenOnPath(path, options, (socket) => socket.destroy());
  const refused =
    (reason: RegExp, served = false) =>
    (error: unknown) =>
      error instanceof SocketFileError && error.served === served && reason.test(error.message);

  it('has its mode and its group, and goes with its server', async () => {
    const server = await listen({ mode: 0o606, group: process.getgid?.() });
    assert.equal(statSync(path).mode & 0o777, 0o606);
    server.close();
    assert.equal(existsSync(path), false);
  });

  it('is not taken from a server that lives', async () => {
    const server = await listen();
    await assert.rejects(listen(), refused(/another process serves this socket/, true));
    server.close();
  });

  it('is not removed when it is of another server by then', async () => {
    const first = await listen();
    renameSync(path, `${path}.old`);
    const second = await listen();
    writeFileSync(`${path}~`, 'precious');
    const { ino } = statSync(path);
    first.close();
    assert.equal(statSync(path).ino, ino);
    assert.deepEqual(readdirSync(folder).sort(), ['s', 's.old', 's~']);
    second.close();
    assert.equal(existsSync(path), false);
  });

  it('does not replace what is no socket', async () => {
    writeFileSync(path, 'precious');
    await assert.rejects(listen(), refused(/the file exists and is not a socket/));
    assert.equal(readFileSync(path, 'utf8'), 'precious');
  });

  it('cannot have a path that is too long, or a directory that does not exist', async () => {
    path = join(folder, 'x'.repeat(108));
    await assert.rejects(listen(), refused(/bytes long, a unix socket's at most 107/));
    path = join(folder, 'no', 's');
    await assert.rejects(listen(), refused(/its directory does not exist \(ENOENT\)/));
  });

  /** A file of a socket that `knock` says this of. */
  const bindOver = async (answer: string | undefined): Promise<SocketFile<string>> => {
    const server = await listen();
    renameSync(path, `${path}.old`);
    server.close();
    renameSync(`${path}.old`, path);
    const bind = (at: string): string => {
      writeFileSync(at, 'a file in the place of a socket');
      return 'bound';
    };
    return SocketFile.bind(path, {}, { knock: () => answer, bind, close: () => undefined });
  };

  it('is replaced when nobody answers', async () => {
    const file = await bindOver('ECONNREFUSED');
    assert.equal(statSync(path).isFile(), true);
    file.close();
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is made when the other one went in the meantime', async () => {
    const server = await listen();
    const knock = (): string => {
      server.close();
      return 'ENOENT';
    };
    const bind = (at: string): string => {
      writeFileSync(at, '');
      return 'bound';
    };
    SocketFile.bind(path, {}, { knock, bind, close: () => undefined }).close();
    assert.equal(existsSync(path), false);
  });

  for (const { answer, reason, served } of [
    { answer: undefined, reason: /another process serves/, served: true },
    { answer: 'EAGAIN', reason: /another process serves/, served: true },
    { answer: 'EACCES', reason: /a socket is there that we may not use \(EACCES\)/, served: false },
  ]) {
    it(`stays when knocking says ${answer ?? 'that somebody is there'}`, async () => {
      await assert.rejects(bindOver(answer), refused(reason, served));
      assert.equal(existsSync(path), true);
    });
  }
});
