import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiClient } from '../../rpc/api/api-client.ts';
import type { Peer, Peers } from '../../test/peers/process.ts';
import { argumentsOf, descendantsOf } from './proc.ts';
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

/** The agent as its users run it: relay process and manager process, with the keeper if it is wanted, and folders of its own. */
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
    await this.#spawn([], /event=api-listening/);
    return this;
  }

  /** The relay process alone, on what it remembers of the life before. Settles when it serves its ports. */
  async startRelay(): Promise<void> {
    await this.#spawn(['relay'], /event=relay-started/);
  }

  async #spawn(words: readonly string[], ready: RegExp): Promise<void> {
    const profiling = this.#options.profile ? ['--cpu-prof', `--cpu-prof-dir=${this.#options.profile}`] : [];
    if (this.#options.profile) mkdirSync(this.#options.profile, { recursive: true });
    const dirs = ['--run-dir', this.folder, '--state-dir', this.#stateFolder, '--socket-dir', dirname(this.folder)];
    const names = ['--hostname', 'bench', '--system-id', SYSTEM_ID];
    const program = this.#options.profile ? AGENT_IN_PARTS : AGENT;
    const command = [
      ...profiling,
      program,
      ...words,
      ...(this.#options.supervise ? ['--supervise'] : []),
      ...dirs,
      ...names,
    ];
    this.#peer = this.#peers.start(process.execPath, [...command, ...(this.#options.args ?? [])], { name: 'agent' });
    await this.#peer.waitFor(ready, PATIENCE_MS);
  }

  get peer(): Peer {
    if (!this.#peer) throw new Error('the agent was not started');
    return this.#peer;
  }

  /** The process that holds the ports; undefined in the moment between two lives under the keeper. */
  get relay(): number | undefined {
    return this.pids.find((pid) => pid !== this.keeper && pid !== this.manager);
  }

  /** The process with database and API; undefined in the moment between two lives. */
  get manager(): number | undefined {
    return this.pids.find((pid) => argumentsOf(pid).includes('manager'));
  }

  get keeper(): number | undefined {
    return this.#options.supervise ? this.peer.pid : undefined;
  }

  /** All that runs for it. */
  get pids(): number[] {
    return [this.peer.pid, ...descendantsOf(this.peer.pid)];
  }

  /** The next manager serves its clients. To be asked before the present one ends. */
  async nextManager(): Promise<void> {
    await this.peer.waitFor(/event=api-listening/, PATIENCE_MS, this.peer.output.length);
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
