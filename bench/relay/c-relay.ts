import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from '../../test/peers/needs.ts';
import type { Peer, Peers } from '../../test/peers/process.ts';
import type { PortPaths } from './agent-process.ts';
import { ROOT } from './product.ts';

/** The floor (c-relay.c) between pairs of sockets. */
export class CRelay {
  readonly paths: readonly PortPaths[];
  readonly #peer: Peer;

  private constructor(peer: Peer, paths: readonly PortPaths[]) {
    this.#peer = peer;
    this.paths = paths;
  }

  /** Undefined: there is no C compiler. */
  static async start(peers: Peers, paths: readonly PortPaths[]): Promise<CRelay | undefined> {
    const compiler = findProgram('cc');
    if (compiler === undefined) return undefined;
    const program = join(peers.folder(), 'c-relay');
    execFileSync(compiler, ['-O2', '-o', program, join(ROOT, 'bench/relay/c-relay.c')]);
    const sockets = paths.flatMap(({ frontend, backend }) => [frontend, backend]);
    const peer = peers.start(program, sockets, { name: 'c-relay' });
    await peer.waitFor(/ready/);
    return new CRelay(peer, paths);
  }

  get pid(): number {
    return this.#peer.pid;
  }

  async stop(): Promise<void> {
    await this.#peer.stop();
  }
}
