import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../../rpc/api/api-client.ts';
import type { Peer, Peers } from '../../test/peers/process.ts';
import { childrenOf } from './proc.ts';
import { AGENT, AGENT_IN_PARTS } from './product.ts';
import { insertInterfaces } from './rows.ts';

export interface AgentOptions {
  /** Under our keeper. */
  readonly supervise: boolean;
  /** Writes a profile of the processor to this folder when the agent ends. */
  readonly profile?: string | undefined;
  /** Further arguments of the agent. */
  readonly args?: readonly string[];
}

/** Descriptors for each port: the two connections, the socket file, what is staged, and some for the process itself. */
const DESCRIPTORS_PER_PORT = 16;
const MEMORY = '/dev/shm';
const SYSTEM_ID = 'bench';
const PATIENCE_MS = 120_000;

let supervises: boolean | undefined;

/** Whether the agent that was built knows `--supervise`. */
export function knowsSupervise(): boolean {
  supervises ??= execFileSync(process.execPath, [AGENT, '--help'], { encoding: 'utf8' }).includes('--supervise');
  return supervises;
}

/** The agent as its users run it: a process (two, with the keeper), with folders of its own. */
export class AgentProcess {
  /** For sockets and what need not outlive the machine; the paths of ports stand here, too. */
  readonly folder: string;
  readonly #stateFolder: string;
  readonly #peers: Peers;
  readonly #options: AgentOptions;
  #peer: Peer | undefined;

  constructor(peers: Peers, options: AgentOptions) {
    this.#peers = peers;
    this.#options = options;
    this.folder = memoryFolder(peers);
    this.#stateFolder = peers.folder();
  }

  /** Settles when it serves. Again after `stop` it is the next life on the same database. */
  async start(): Promise<this> {
    const profiling = this.#options.profile ? ['--cpu-prof', `--cpu-prof-dir=${this.#options.profile}`] : [];
    if (this.#options.profile) mkdirSync(this.#options.profile, { recursive: true });
    const dirs = ['--run-dir', this.folder, '--state-dir', this.#stateFolder];
    const names = ['--hostname', 'bench', '--system-id', SYSTEM_ID];
    const program = this.#options.profile ? AGENT_IN_PARTS : AGENT;
    const command = [...profiling, program, ...(this.#options.supervise ? ['--supervise'] : []), ...dirs, ...names];
    this.#peer = this.#peers.start(process.execPath, [...command, ...(this.#options.args ?? [])], { name: 'agent' });
    await this.#peer.waitFor(/event=api-listening/, PATIENCE_MS);
    return this;
  }

  get peer(): Peer {
    if (!this.#peer) throw new Error('the agent was not started');
    return this.#peer;
  }

  /** The agent itself; undefined in the moment between two lives under the keeper. */
  get pid(): number | undefined {
    return this.#options.supervise ? childrenOf(this.peer.pid).at(-1) : this.peer.pid;
  }

  /** All that runs for it: the agent, and the keeper if there is one. */
  get pids(): number[] {
    return this.#options.supervise ? [this.peer.pid, ...childrenOf(this.peer.pid)] : [this.peer.pid];
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Interfaces between pairs of sockets; the back-ends listen, the front-ends connect. */
  async addPorts(ports: readonly PortPaths[]): Promise<void> {
    await insertInterfaces(this.path('db.sock'), SYSTEM_ID, ports);
  }

  /** Settles when the agent has let go of it. */
  async removePort(name: string): Promise<void> {
    const api = await ApiClient.connect(this.path('api.sock'));
    try {
      await api.call('interfaces.remove', { name }, { timeoutMs: PATIENCE_MS });
    } finally {
      await api.close();
    }
  }

  async stop(): Promise<void> {
    await this.peer.stop(30_000);
  }
}

export interface PortPaths {
  readonly name: string;
  readonly frontend: string;
  readonly backend: string;
}

export function portPaths(folder: string, count: number): PortPaths[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `vhu${i}`,
    frontend: join(folder, `${i}.fe`),
    backend: join(folder, `${i}.be`),
  }));
}

/** How many files each process must be allowed to open. */
export function descriptorsFor(ports: number): number {
  return 1000 + ports * DESCRIPTORS_PER_PORT;
}

/** Without a disk behind it, as /run has none; an ordinary folder where there is no such place. */
export function memoryFolder(peers: Peers): string {
  if (!existsSync(MEMORY)) return peers.folder();
  const path = mkdtempSync(join(MEMORY, 'vc-'));
  peers.defer(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
