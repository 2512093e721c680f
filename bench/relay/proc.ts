import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './helper.ts';

const BREATH_MS = 20;
/** A process that used less processor time than this in one interval is idle. */
const QUIET_MS = 3;

export function threadsOf(pid: number): number[] {
  return existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`).map(Number) : [];
}

/** Nanoseconds of processor time of all threads, in milliseconds. Finer than the ticks of /proc/PID/stat. */
export function processorMs(pid: number): number {
  const times = threadsOf(pid).map((thread) =>
    Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0),
  );
  return times.reduce((sum, one) => sum + one, 0) / 1e6;
}

/** Settles when the processes have nothing to do; a breath later at the earliest. */
export async function quiet(pids: readonly number[]): Promise<void> {
  const spent = (): number => pids.reduce((sum, pid) => sum + processorMs(pid), 0);
  for (let before = spent(); ; ) {
    await sleep(BREATH_MS);
    const after = spent();
    if (after - before < QUIET_MS) return;
    before = after;
  }
}

export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The processes that it has started and that run, and what those have started. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The words of its command line. */
export function argumentsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split('\0');
}

function childrenOf(pid: number): number[] {
  return threadsOf(pid)
    .flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' '))
    .filter((text) => text.trim() !== '')
    .map(Number);
}

/** It is gone, or dead and not yet fetched. */
export function isDead(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' || /\) [ZX] /.test(stat);
}

/** When a process began, on the clock of `now`; the kernel says it in hundredths of a second. */
export function startedAt(pid: number): number {
  const afterName = read(`/proc/${pid}/stat`).split(') ')[1] ?? '';
  const ticks = Number(afterName.split(' ')[19] ?? 0);
  const sinceBoot = Number(read('/proc/uptime').split(' ')[0] ?? 0) * 1000;
  return now() - (sinceBoot - ticks * 10);
}

/** How many files a process may have open: the soft and the hard limit of this one. */
export function openFilesLimit(): { soft: number; hard: number } {
  const [, soft = '0', hard = '0'] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(read('/proc/self/limits')) ?? [];
  return { soft: Number(soft), hard: Number(hard) };
}

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
