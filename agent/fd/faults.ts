/**
 * Where tests make system calls fail: each call that may fail asks here first. What the listener throws is how the call
 * ends. Nobody listens in a running agent.
 */
export type FaultyCall = 'recvmsg' | 'sendmsg' | 'splice' | 'pipe' | 'setsockopt' | 'watch' | 'journal';

let listener: ((call: FaultyCall) => void) | undefined;

/** Lets system calls fail as `next` throws; undefined: none fails any more. @internal for tests */
export function injectFaults(next: ((call: FaultyCall) => void) | undefined): void {
  listener = next;
}

export function mayFail(call: FaultyCall): void {
  listener?.(call);
}
