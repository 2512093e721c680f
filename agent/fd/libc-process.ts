import { libc } from './libc.ts';

const systemCall = libc.func('long syscall(long, long, long, long, long, long)');

/** The number of kcmp(2); it has no function of its own in the C library. */
const KCMP: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 312, arm64: 272 };
const KCMP_FILE = 0;

/**
 * Is a descriptor of another process the very same open file as one of ours (kcmp(2))? Undefined: the kernel does not
 * say, be it that it cannot or that we may not ask.
 */
export function sameFile(ours: number, pid: number, theirs: number): boolean | undefined {
  const number = KCMP[process.arch];
  if (number === undefined) return undefined;
  const order = Number(systemCall(number, process.pid, pid, KCMP_FILE, ours, theirs));
  return order < 0 ? undefined : order === 0;
}
