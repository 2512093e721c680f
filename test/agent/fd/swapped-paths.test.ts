import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EndpointOpener } from '../../../agent/fd/endpoint-opener.ts';
import { acceptUnix, close, listenUnix } from '../../../agent/fd/libc.ts';
import { Listener } from '../../../agent/fd/listener.ts';
import { aWhile, temporaryFolder } from '../support.ts';

const STRANGER = 64_011;
const TRIES = 1500;

/**
 * Another user, who may rename what he likes in the directory of a socket, swaps files while we make sockets there, remove
 * and give them away, and connect to them. Bounded by tries: what a user once got, he would get now.
 */
describe('a directory in which somebody else swaps files', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let theirs: string;
  let ours: string;
  let child: ChildProcess | undefined;

  beforeEach(function () {
    if (process.getuid?.() !== 0) this.skip(); // needs root: another user is the one who swaps
    folder = temporaryFolder();
    chmodSync(folder.path, 0o711);
    theirs = join(folder.path, 'theirs');
    ours = join(folder.path, 'ours');
    for (const dir of [theirs, ours]) mkdirSync(dir, { mode: 0o755 });
    chownSync(theirs, STRANGER, STRANGER);
  });
  afterEach(async () => {
    if (child) {
      child.kill('SIGKILL');
      await once(child, 'close');
      child = undefined;
    }
    folder.remove();
  });

  /** Runs a script as the stranger, over and over; `path` and `target` are known to it, and all of node:fs. */
  async function swaps(path: string, target: string, script: string): Promise<void> {
    const attempt = script
      .split(';')
      .map((call) => `try { ${call} } catch {}`)
      .join('; ');
    const names = `const path = ${JSON.stringify(path)}, target = ${JSON.stringify(target)}`;
    const loop = `${names}; ${attempt}; console.log('up'); for (;;) { ${attempt} }`;
    child = spawn(process.execPath, ['-e', `with (require('node:fs')) { ${loop} }`], {
      uid: STRANGER,
      gid: STRANGER,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout) await once(child.stdout, 'data');
  }

  function listenOften(path: string, done: () => boolean): void {
    for (let i = 0; i < TRIES && !done(); i++) {
      try {
        new Listener(path, { group: STRANGER }, (fd) => fd.close()).close();
      } catch {
        // refused, or beaten by the other: tried again
      }
    }
  }

  it('does not give away a file of ours', async () => {
    const secret = join(ours, 'shadow');
    writeFileSync(secret, 'secret', { mode: 0o640 });
    const path = join(theirs, 's');
    await swaps(path, secret, 'unlinkSync(path); symlinkSync(target, path); unlinkSync(path)');
    listenOften(path, () => statSync(secret).gid !== 0);
    assert.equal(statSync(secret).gid, 0);
  });

  it('does not remove a socket of ours', async () => {
    close(listenUnix(join(ours, 's'), 1)); // nobody serves it any more
    const path = join(theirs, 'd');
    await swaps(path, ours, 'mkdirSync(path); rmdirSync(path); symlinkSync(target, path); unlinkSync(path)');
    listenOften(join(path, 's'), () => !existsSync(join(ours, 's')));
    assert.deepEqual(readdirSync(ours), ['s']);
  });

  it('does not make a socket elsewhere', async () => {
    const path = join(theirs, 'd');
    await swaps(path, ours, 'mkdirSync(path); rmdirSync(path); symlinkSync(target, path); unlinkSync(path)');
    let seen: string[] = [];
    for (let i = 0; i < TRIES && seen.length === 0; i++) {
      try {
        const listener = new Listener(join(path, 's'), {}, (fd) => fd.close());
        seen = readdirSync(ours);
        listener.close();
      } catch {
        // refused, or beaten by the other: tried again
      }
    }
    assert.deepEqual(seen, []);
  });

  it('does not lead a connection elsewhere', async () => {
    const listening = listenUnix(join(ours, 's'), 64);
    const path = join(theirs, 's');
    await swaps(path, join(ours, 's'), 'symlinkSync(target, path); unlinkSync(path)');
    let tries = 0;
    const next = (): void => {
      tries += 1;
      opener.open();
    };
    const opener = new EndpointOpener(
      { role: 'connect', path },
      { firstPauseMs: 1, longestPauseMs: 1 },
      { opened: next, failed: next, arrived: (fd) => fd.close() },
    );
    opener.open();
    let reached: number | undefined;
    while (tries < TRIES && reached === undefined) {
      await aWhile(5);
      reached = acceptUnix(listening);
    }
    opener.close();
    if (reached !== undefined) close(reached);
    assert.equal(reached, undefined);
    close(listening);
  });
});
