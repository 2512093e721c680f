import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

/** How many numbers stay free below the lowered limit, whatever the process has open already. */
const SPARE = 16;

/**
 * A lower limit of open files for this very process. What raises it again is started beforehand and waits: once the
 * table is full a process cannot be started, and a limit that stays low takes every later test with it.
 */
export class FileLimit {
  readonly #restorer: ChildProcess;

  private constructor(restorer: ChildProcess) {
    this.#restorer = restorer;
  }

  static async lower(): Promise<FileLimit> {
    const before = softLimit();
    const highest = Math.max(...readdirSync('/proc/self/fd').map(Number));
    const script = 'prlimit --pid=$1 --nofile=$2: && echo lowered && read line && prlimit --pid=$1 --nofile=$3:';
    const restorer = spawn('sh', ['-c', script, 'sh', `${process.pid}`, `${highest + SPARE}`, before], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [said] = (await Promise.race([once(restorer.stdout, 'data'), once(restorer, 'exit')])) as [unknown];
    assert.equal(String(said), 'lowered\n', 'prlimit');
    return new FileLimit(restorer);
  }

  async restore(): Promise<void> {
    const ended = once(this.#restorer, 'exit');
    this.#restorer.stdin?.end('\n');
    assert.deepEqual(await ended, [0, null], 'prlimit');
  }
}

/** As prlimit takes it: a number, or `unlimited`. */
function softLimit(): string {
  const [, soft = ''] = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft;
}
