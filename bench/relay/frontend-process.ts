/** Front-ends that only negotiate: one after the other for the clock, or many that stay and come again when they are left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectUnix } from '../../agent/fd/libc.ts';
import { OwnedFd } from '../../agent/fd/owned-fd.ts';
import { MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { closeAll, negotiate, prepare } from './dialogue.ts';
import { now, serve } from './helper.ts';

const TIMEOUT_MS = 120_000;

export interface Handshake {
  readonly from: number;
  readonly to: number;
  readonly messages: number;
  /** How often the connection was closed before it was through: the server may still be busy with the former one. */
  readonly left: number;
}

function tryConnect(path: string): OwnedFd | undefined {
  try {
    return new OwnedFd(connectUnix(path));
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'EAGAIN') return undefined;
    throw error;
  }
}

async function handshake(path: string): Promise<Handshake> {
  const deadline = now() + TIMEOUT_MS;
  for (let left = 0; ; left++) {
    const through = await tryHandshake(path);
    if (through) return { ...through, left };
    if (now() > deadline) throw new Error(`nobody serves ${path}`);
    await sleep(1);
  }
}

/** From the connection until all was read; what the front-end itself needs is made before. Undefined: it was left. */
async function tryHandshake(path: string): Promise<Omit<Handshake, 'left'> | undefined> {
  const handouts = prepare();
  let frontend: MockFrontend | undefined;
  try {
    const [fd, from] = await connected(path);
    frontend = new MockFrontend(fd, { timeoutMs: TIMEOUT_MS });
    const messages = await negotiate(frontend, handouts);
    return { from, to: now(), messages };
  } catch (error) {
    if (frontend?.isOpen !== false) throw error;
    return undefined;
  } finally {
    frontend?.close();
    closeAll(handouts);
  }
}

/** Looks until somebody serves; the moment is that before the connection. */
async function connected(path: string): Promise<[OwnedFd, number]> {
  for (const deadline = now() + TIMEOUT_MS; ; ) {
    const started = now();
    const fd = tryConnect(path);
    if (fd) return [fd, started];
    if (started > deadline) throw new Error(`nobody serves ${path}`);
    await sleep(1);
  }
}

/** One of many: keeps its connection, and has a new one soon after it was left. */
class Staying {
  readonly #path: string;
  readonly #retryMs: number;
  /** When each negotiation was through. */
  readonly done: number[] = [];
  frontend: MockFrontend | undefined;

  constructor(path: string, retryMs: number) {
    this.#path = path;
    this.#retryMs = retryMs;
    void this.#live();
  }

  async #live(): Promise<void> {
    for (;;) {
      const fd = tryConnect(this.#path);
      if (fd) await this.#once(fd);
      await sleep(this.#retryMs);
    }
  }

  async #once(fd: OwnedFd): Promise<void> {
    const frontend = new MockFrontend(fd, { timeoutMs: TIMEOUT_MS });
    const handouts = prepare();
    try {
      await negotiate(frontend, handouts);
      this.frontend = frontend;
      this.done.push(now());
      check();
      await frontend.ended;
    } catch {
      // Left in the middle: once more.
      frontend.close();
    } finally {
      this.frontend = undefined;
      closeAll(handouts);
    }
  }
}

let staying: Staying[] = [];
let waiting: { lives: number; resolve(times: number[]): void } | undefined;

function check(): void {
  if (!waiting) return;
  const { lives, resolve } = waiting;
  if (!staying.every((one) => one.done.length >= lives && one.frontend)) return;
  waiting = undefined;
  resolve(staying.map((one) => one.done.at(-1) ?? 0));
}

/** One question on each connection; the moments of asking and of each answer. */
async function ask(): Promise<{ asked: number; answered: number[]; lost: number }> {
  const asked = now();
  const answers = staying.map(async ({ frontend }) => {
    if (!frontend) return undefined;
    await frontend.ask('GET_FEATURES');
    return now();
  });
  const settled = await Promise.allSettled(answers);
  const answered = settled.flatMap((one) => (one.status === 'fulfilled' && one.value !== undefined ? [one.value] : []));
  return { asked, answered, lost: staying.length - answered.length };
}

serve({
  handshake: ({ path }: { path: string }) => handshake(path),
  stay: ({ paths, retryMs }: { paths: readonly string[]; retryMs: number }) => {
    staying = paths.map((path) => new Staying(path, retryMs));
  },
  /** Settles when every front-end has negotiated so many times and is connected; gives when each was through. */
  negotiated: ({ lives }: { lives: number }) =>
    new Promise<number[]>((resolve) => {
      waiting = { lives, resolve };
      check();
    }),
  ask,
});
