import { eventually } from './process.ts';
import type { Qemu } from './qemu.ts';

const FOLDER = '/tmp/pinging';

/** The fate of the echo requests that a guest sent. */
export interface Pinged {
  /** Those whose fate is known: the last one that was answered, and all before it. */
  readonly sent: number;
  /** Sequence numbers among them that nobody answered. */
  readonly lost: readonly number[];
  /** Sequence numbers that were answered more than once. */
  readonly doubled: readonly number[];
  readonly slowestMs: number;
}

/** A ping in a guest that goes on by itself, five requests a second, while the guest's shell is free for other commands. */
export class Pinging {
  readonly #qemu: Qemu;

  private constructor(qemu: Qemu) {
    this.#qemu = qemu;
  }

  /** Settles when the first requests were answered. */
  static async start(qemu: Qemu, address: string): Promise<Pinging> {
    await qemu.run(`mkdir -p ${FOLDER}; ping -i 0.2 ${address} >${FOLDER}/log 2>&1 & echo $! >${FOLDER}/pid`);
    const pinging = new Pinging(qemu);
    await pinging.#answersBeyond(2);
    return pinging;
  }

  /** How many requests were answered until now. */
  async answers(): Promise<number> {
    // Status 1 is grep's way to say none.
    const { output } = await this.#qemu.execute(`grep -c ' seq=' ${FOLDER}/log`);
    return Number(output);
  }

  /**
   * Ends it. Some more answers must come before, so that those under way at the last disturbance are judged, too; a
   * request that is still under way at the very end is not, because nobody knows.
   */
  async stop(): Promise<Pinged> {
    await this.#answersBeyond((await this.answers()) + 3);
    await this.#qemu.run(`kill -INT $(cat ${FOLDER}/pid)`);
    const text = await eventually('the end of the ping', async () => {
      const { output } = await this.#qemu.execute(`cat ${FOLDER}/log`);
      return output.includes('packets transmitted') && output;
    });
    return judged(text);
  }

  async #answersBeyond(count: number): Promise<void> {
    await eventually(`more than ${count} answers to the guest`, async () => (await this.answers()) > count);
  }
}

/** From lines such as `64 bytes from 10.0.0.1: seq=3 ttl=64 time=1.163 ms`. */
function judged(text: string): Pinged {
  const answers = [...text.matchAll(/ seq=(\d+) ttl=\d+ time=([\d.]+) ms/g)];
  const times = new Map<number, number>();
  for (const [, seq] of answers) times.set(Number(seq), (times.get(Number(seq)) ?? 0) + 1);
  const sent = Math.max(-1, ...times.keys()) + 1;
  return {
    sent,
    lost: Array.from({ length: sent }, (_, seq) => seq).filter((seq) => !times.has(seq)),
    doubled: [...times].filter(([, count]) => count > 1).map(([seq]) => seq),
    slowestMs: Math.max(0, ...answers.map(([, , ms]) => Number(ms))),
  };
}

/** How often the guest has seen its carrier change: every change of it would have been a cable pulled out. */
export async function carrierChanges(qemu: Qemu): Promise<number> {
  return Number(await qemu.run('cat /sys/class/net/eth0/carrier_changes'));
}
