import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, eventually, type Peer, type Peers } from '../peers/process.ts';
import { AGENT } from '../programs.ts';
import { TestAgent } from './agents.ts';

/** When an agent has taken over what lives and serves its clients. */
export const SERVING = /event=api-listening/;

/** An agent under its keeper (`vhost-compatd --supervise`): the process started is the keeper, the agent is its child. */
export class SupervisedAgent extends TestAgent {
  readonly #peers: Peers;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #keeper: Peer | undefined;

  constructor(peers: Peers, name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    super(peers, name, args);
    this.#peers = peers;
    this.#args = args;
    this.#env = env;
  }

  static override async start(
    peers: Peers,
    name: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<SupervisedAgent> {
    const agent = new SupervisedAgent(peers, name, args, env);
    await agent.start();
    return agent;
  }

  override async start(): Promise<void> {
    const base = ['--run-dir', this.dir, '--state-dir', this.dir, '--hostname', this.name, '--system-id', this.name];
    this.#keeper = this.#peers.start(process.execPath, [AGENT, '--supervise', ...base, ...this.#args], {
      name: `vhost-compatd --supervise ${this.name}`,
      env: this.#env,
    });
    await this.#keeper.waitFor(SERVING);
  }

  /** The keeper, whose output is that of all its agents, too. */
  override get peer(): Peer {
    if (!this.#keeper) throw new Error(`agent ${this.name} was not started`);
    return this.#keeper;
  }

  /** The relay process, which holds the connections; undefined at moments when there is none. */
  agentPid(): number | undefined {
    return this.#childOf('relay');
  }

  managerPid(): number | undefined {
    return this.#childOf('manager');
  }

  #childOf(role: string): number | undefined {
    return childrenOf(this.peer.pid).find((pid) => argumentsOf(pid).includes(role));
  }

  /** SIGKILL to the relay process; settles when its successor serves and the manager knows it. */
  async killAgent(): Promise<void> {
    await this.succeeded((pid) => {
      process.kill(pid, 'SIGKILL');
    });
  }

  /** SIGKILL to the manager process; settles when its successor serves. */
  async killManager(): Promise<void> {
    const pid = await eventually(`a manager under the keeper of ${this.name}`, () => this.managerPid());
    const since = this.log.length;
    process.kill(pid, 'SIGKILL');
    await this.peer.waitFor(SERVING, undefined, since);
  }

  /** SIGKILL to both at once; settles when the successors serve. */
  async killBoth(): Promise<void> {
    const since = this.log.length;
    await this.succeeded((pid) => {
      for (const one of [pid, this.managerPid()]) if (one !== undefined) process.kill(one, 'SIGKILL');
    });
    await this.peer.waitFor(SERVING, undefined, since);
  }

  /** SIGKILL to the keeper; settles when another one was started and has taken everything over. */
  async killKeeper(): Promise<void> {
    const relay = await eventually(`a relay process under the keeper of ${this.name}`, () => this.agentPid());
    // its output goes on: those that it started have it, too
    const { pid } = this.peer;
    this.peer.signal('SIGKILL');
    await eventually(`the end of the keeper of ${this.name}`, () => !existsSync(`/proc/${pid}`));
    await this.start();
    const after = await eventually(`a relay process under the next keeper of ${this.name}`, () => {
      const pid = this.agentPid();
      return pid !== relay && pid;
    });
    await this.serves(0, after);
  }

  /** SIGSTOP to one of the two for so many milliseconds. */
  async pause(which: 'relay' | 'manager', ms: number): Promise<void> {
    const pid = await eventually(`a ${which} process under the keeper of ${this.name}`, () => this.#childOf(which));
    process.kill(pid, 'SIGSTOP');
    await sleep(ms);
    process.kill(pid, 'SIGCONT');
  }

  /** Asks the keeper to start both anew, as after an upgrade of the program; settles when the successors serve. */
  async upgrade(): Promise<void> {
    const since = this.log.length;
    await this.succeeded(() => this.peer.signal('SIGUSR2'));
    await this.peer.waitFor(SERVING, undefined, since);
  }

  /** Runs what makes the relay process end, and waits until another one has come in its place and the manager knows it. */
  async succeeded(end: (pid: number) => Promise<void> | void): Promise<void> {
    const before = await eventually(`an agent under the keeper of ${this.name}`, () => this.agentPid());
    const since = this.log.length;
    await end(before);
    const after = await eventually(`a new agent under the keeper of ${this.name}`, () => {
      const pid = this.agentPid();
      return pid !== before && pid;
    });
    await this.serves(since, after);
  }

  /** Settles when the manager has connected to a relay process, after `since`, a former length of the log. */
  async serves(since: number, pid: number | undefined = this.agentPid()): Promise<void> {
    await this.peer.waitFor(new RegExp(`event=relay-connected pid=${pid}`), undefined, since);
  }
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has ended
  }
}
