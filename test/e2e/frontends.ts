import { join } from 'node:path';
import type { Peer, Peers } from '../peers/process.ts';
import { ROOT } from '../root.ts';

const PROGRAM = join(ROOT, 'dist', 'test', 'peers', 'frontend-process.js');

/** A front-end process that only negotiates: what QEMU is to the agent, without a guest. */
export class FrontendProcess {
  readonly #peer: Peer;
  #seen = 0;

  constructor(peers: Peers, endpoint: string) {
    this.#peer = peers.start(process.execPath, [PROGRAM, endpoint], { name: 'front-end' });
  }

  /** What it was offered on its next connection. */
  async offered(): Promise<bigint> {
    const match = await this.#peer.waitFor(/^(offered|failed) (.*)$/m, undefined, this.#seen);
    this.#seen += match.index + match[0].length;
    if (match[1] === 'failed') throw new Error(`The front-end failed: ${match[2]}`);
    return BigInt(match[2] ?? '');
  }

  /** Hangs up and comes again, as QEMU does with reconnect. */
  async reconnect(): Promise<bigint> {
    this.#peer.write('again\n');
    return await this.offered();
  }

  async end(): Promise<void> {
    await this.#peer.stop();
  }
}
