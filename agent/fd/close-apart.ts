import { Backoff } from '../../base/backoff.ts';
import { addressOf, libc } from './libc.ts';

/**
 * Closes descriptors without waiting for it. Closing is no small thing for every file: one on a network file system or FUSE
 * asks its server and waits for the answer, a TCP socket may linger, the last descriptor of a large memory frees it. A thread
 * would keep this process from ending for as long; so each is closed by a process of its own, which shares our memory and our
 * table of descriptors, calls close(2), and ends. When we are killed meanwhile, it stays behind alone (docs/adr/0012).
 */
interface Closer {
  /** Its stack and what it has instead of our thread's variables, `errno` above all. Must not be collected. */
  readonly memory: Buffer;
  readonly lane: Lane;
  readonly closed: () => void;
}

interface Waiting {
  readonly fd: number;
  readonly closed: () => void;
}

/** Whom a closing may wait for: the `kernel` alone, which comes to an end, or `others`, who need not. */
export type WaitsFor = 'kernel' | 'others';

/** Each kind has processes of its own: whoever blocks all of one does not keep the memory of other guests from being freed. */
interface Lane {
  running: number;
  readonly waiting: Waiting[];
}

const startProcess = libc.func('int clone(void *, void *, int, intptr_t, void *, void *, void *)');
const awaitProcess = libc.func('int waitpid(int, void *, int)');
const maskSignals = libc.func('int sigprocmask(int, void *, void *)');
const symbolAt = libc.func('void *dlsym(void *, const char *)');

const CLONE_VM = 0x100;
const CLONE_FILES = 0x400;
const CLONE_SETTLS = 0x8_0000;
const WNOHANG = 1;
/** Children that send no signal when they end: of ours, those that close. As a signed number. */
const WCLONE = -0x8000_0000;
const ANY_CHILD = -1;
const SIG_SETMASK = 2;
const SIGNAL_SET_BYTES = 128;

/** The stack grows down from the first mark; the thread's variables stand on both sides of the second. */
const MEMORY_BYTES = 49_152;
const STACK_TOP = 16_384;
const THREAD_POINTER = 32_768;
const ALIGNMENT = 64n;

/** Memory that is kept for the next ones: a thousand ports that end together would fill the heap with it. */
const MOST_SPARE = 16;

/** So many of each kind at the same time; what is above waits in our own table. */
const MOST_CLOSERS = 512;
const FIRST_LOOK_MS = 2;
const LONGEST_LOOK_MS = 250;

const running = new Map<number, Closer>();
/** What was closed, and nobody has been told yet. */
const done: (() => void)[] = [];
/** Memory of those that have ended. */
const spare: Buffer[] = [];
const lanes: Readonly<Record<WaitsFor, Lane>> = {
  kernel: { running: 0, waiting: [] },
  others: { running: 0, waiting: [] },
};
const backoff = new Backoff({ firstMs: FIRST_LOOK_MS, longestMs: LONGEST_LOOK_MS });
const everySignal = Buffer.alloc(SIGNAL_SET_BYTES, 0xff);
const ourSignals = Buffer.alloc(SIGNAL_SET_BYTES);
let closeFunction: unknown;
let timer: NodeJS.Timeout | undefined;
/** When it fires. */
let due = Number.POSITIVE_INFINITY;

/** Takes the descriptor over; its number must not be used any more. `closed` is called later, when it is closed. */
export function closeApart(fd: number, closed: () => void = () => {}, waitsFor: WaitsFor = 'others'): void {
  const lane = lanes[waitsFor];
  if (lane.running < MOST_CLOSERS && start(lane, { fd, closed })) backoff.reset();
  else lane.waiting.push({ fd, closed });
  lookLater();
}

/** False: there is no room for another process now. */
function start(lane: Lane, { fd, closed }: Waiting): boolean {
  closeFunction ??= symbolAt(null, 'close');
  if (spare.length === 0) reap();
  const memory = spare.pop()?.fill(0) ?? Buffer.alloc(MEMORY_BYTES);
  const begin = addressOf(memory);
  const stack = (begin + BigInt(STACK_TOP)) & -ALIGNMENT;
  const thread = (begin + BigInt(THREAD_POINTER)) & -ALIGNMENT;
  // where the C library looks for the address of the block itself: tcb and self of glibc, self of musl
  for (const place of [0n, 16n]) memory.writeBigUInt64LE(thread, Number(thread - begin + place));
  // our handlers would run in it, in memory that is ours as well
  maskSignals(SIG_SETMASK, everySignal, ourSignals);
  const flags = CLONE_VM | CLONE_FILES | CLONE_SETTLS;
  const pid = startProcess(closeFunction, stack, flags, BigInt(fd), null, thread, null) as number;
  maskSignals(SIG_SETMASK, ourSignals, null);
  if (pid <= 0) return false;
  lane.running += 1;
  running.set(pid, { memory, lane, closed });
  return true;
}

/** A look that is due stays due: else whoever has descriptors closed all the time would put it off for ever. */
function lookLater(): void {
  if (running.size === 0 && done.length === 0 && Object.values(lanes).every(({ waiting }) => waiting.length === 0))
    return;
  const pauseMs = backoff.next();
  if (performance.now() + pauseMs >= due) return;
  clearTimeout(timer);
  due = performance.now() + pauseMs;
  timer = setTimeout(look, pauseMs).unref();
}

function look(): void {
  due = Number.POSITIVE_INFINITY;
  reap();
  for (const closed of done.splice(0)) closed();
  for (const lane of Object.values(lanes)) startWaiting(lane);
  lookLater();
}

/** Takes note of those that have ended. */
function reap(): void {
  for (;;) {
    const pid = awaitProcess(ANY_CHILD, null, WNOHANG | WCLONE) as number;
    if (pid <= 0) return;
    const closer = running.get(pid);
    if (!closer) continue;
    running.delete(pid);
    closer.lane.running -= 1;
    if (spare.length < MOST_SPARE) spare.push(closer.memory);
    done.push(closer.closed);
    backoff.reset();
  }
}

function startWaiting(lane: Lane): void {
  let started = 0;
  for (const next of lane.waiting) {
    if (lane.running >= MOST_CLOSERS || !start(lane, next)) break;
    started += 1;
  }
  lane.waiting.splice(0, started);
}
