import { readFileSync, statSync, unlinkSync } from 'node:fs';
import type { RelayStep } from '../relay/handover/journal-format.ts';

/**
 * For tests of what survives: kills this process with SIGKILL at a step of the relay. The file holds `STEP:N`: the N-th time
 * that the step is reached after the file appeared. The process removes the file before it dies.
 */
export function dieAtStep(file: string): (step: RelayStep) => void {
  let reached = 0;
  let known = '';
  return (step) => {
    let wanted: string;
    try {
      wanted = readFileSync(file, 'utf8').trim();
      const { ino, mtimeNs } = statSync(file, { bigint: true });
      if (`${ino} ${mtimeNs}` !== known) reached = 0;
      known = `${ino} ${mtimeNs}`;
    } catch {
      return;
    }
    const [name, n] = wanted.split(':');
    if (step !== name) return;
    reached += 1;
    if (reached !== Number(n)) return;
    unlinkSync(file);
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // not one instruction further
  };
}
