import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Peer, type Peers } from '../peers/process.ts';
import { AGENT, COMMAND } from '../programs.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `vhost-compat` as a process of its own. */
export async function vhostCompat(...args: string[]): Promise<CommandResult> {
  return await vhostCompatWith({}, ...args);
}

async function vhostCompatWith(env: Readonly<Record<string, string>>, ...args: string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, COLUMNS: '0', ...env },
  });
  const out: string[] = [];
  const err: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 128));
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

/** What `show-interface --format json` says of one interface; the members that the tests look at. */
export interface ShownInterface {
  readonly name: string;
  readonly state: string;
  readonly version?: string;
  readonly in_force?: string;
  readonly next_start?: string;
  readonly backend_features?: string;
  readonly offered_features?: string;
  readonly acked_features?: string;
  readonly error?: string;
  readonly error_detail?: string;
}

/** One agent as a process, with its folder, and the command line pointed at its database. */
export class TestAgent {
  readonly name: string;
  readonly dir: string;
  readonly #peers: Peers;
  readonly #args: readonly string[];
  #peer: Peer | undefined;

  constructor(peers: Peers, name: string, args: readonly string[] = []) {
    this.#peers = peers;
    this.name = name;
    this.dir = join(peers.folder(), name);
    mkdirSync(this.dir);
    this.#args = args;
  }

  static async start(peers: Peers, name: string, args: readonly string[] = []): Promise<TestAgent> {
    const agent = new TestAgent(peers, name, args);
    await agent.start();
    return agent;
  }

  /** Starts the agent on its folder; again after `stop` or `kill` it is the next life of the same host. */
  async start(): Promise<void> {
    const base = ['--run-dir', this.dir, '--state-dir', this.dir, '--hostname', this.name, '--system-id', this.name];
    this.#peer = this.#peers.start(process.execPath, [AGENT, ...base, ...this.#args], {
      name: `vhost-compatd ${this.name}`,
    });
    await this.#peer.waitFor(/event=api-listening/);
  }

  get peer(): Peer {
    if (!this.#peer) throw new Error(`agent ${this.name} was not started`);
    return this.#peer;
  }

  get db(): string {
    return `unix:${join(this.dir, 'db.sock')}`;
  }

  get api(): string {
    return join(this.dir, 'api.sock');
  }

  get log(): string {
    return this.peer.output;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  async run(...args: string[]): Promise<CommandResult> {
    return await vhostCompat('--db', this.db, ...args);
  }

  /** Runs a command that must succeed and returns what it printed. */
  async must(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`vhost-compat ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  async show(name: string): Promise<ShownInterface> {
    const shown = JSON.parse(await this.must('show-interface', name, '--format', 'json')) as {
      interface: ShownInterface;
    };
    return shown.interface;
  }

  /** Waits until an interface is in a state, and returns it. */
  async inState(name: string, ...states: string[]): Promise<ShownInterface> {
    return await eventually(`${name} of ${this.name} in state ${states.join(' or ')}`, async () => {
      const shown = await this.show(name);
      return states.includes(shown.state) && shown;
    });
  }

  /** SIGTERM; the agent must end by itself and well. */
  async stop(): Promise<void> {
    await this.peer.stop(20_000);
    if (this.peer.ending !== 'ended with status 0')
      throw new Error(`agent ${this.name} ${this.peer.ending}:\n${this.peer.tail()}`);
  }

  async kill(): Promise<void> {
    await this.peer.kill();
  }
}

/** An agent whose rows stand in the database of another server. */
export class ClientAgent extends TestAgent {
  readonly #remote: string;

  constructor(peers: Peers, name: string, remote: string) {
    super(peers, name, ['--db', remote]);
    this.#remote = remote;
  }

  override async run(...args: string[]): Promise<CommandResult> {
    return await vhostCompat('--db', this.#remote, '--host', this.name, ...args);
  }
}
