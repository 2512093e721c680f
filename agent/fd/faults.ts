/**
 * Lets tests make system calls fail: each of these calls asks here first, and what the listener throws is its error. A
 * running agent has no listener.
 */
export type FaultyCall = 'recvmsg' | 'sendmsg' | 'sendmmsg' | 'setsockopt' | 'watch' | 'journal';

let listener: ((call: FaultyCall) => void) | undefined;

/** Lets system calls fail as `next` throws; undefined: none fails any more. @internal for tests */
export function injectFaults(next: ((call: FaultyCall) => void) | undefined): void {
  listener = next;
}

export function mayFail(call: FaultyCall): void {
  listener?.(call);
}
