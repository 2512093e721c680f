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

  /** The agent's own process; undefined at moments when there is none. */
  agentPid(): number | undefined {
    const { pid } = this.peer;
    const children = childrenOf(pid);
    if (children.length > 1) throw new Error(`The keeper ${pid} has more than one child: ${children.join(' ')}`);
    return children[0];
  }

  /** SIGKILL to the agent; settles when its successor serves. */
  async killAgent(): Promise<void> {
    await this.succeeded((pid) => {
      process.kill(pid, 'SIGKILL');
    });
  }

  /** Asks the keeper to start the agent anew, as after an upgrade of the program; settles when the successor serves. */
  async upgrade(): Promise<void> {
    await this.succeeded(() => this.peer.signal('SIGUSR2'));
  }

  /** Settles when an agent serves its clients that began to do so after `since`, a former length of the log. */
  async serves(since: number): Promise<void> {
    await this.peer.waitFor(SERVING, undefined, since);
  }

  /** Runs what makes the agent end, and waits until another one has come in its place and serves. */
  async succeeded(end: (pid: number) => Promise<void> | void): Promise<void> {
    const before = await eventually(`an agent under the keeper of ${this.name}`, () => this.agentPid());
    const since = this.log.length;
    await end(before);
    await this.serves(since);
    const after = await eventually(`a new agent under the keeper of ${this.name}`, () => this.agentPid());
    if (after === before) throw new Error(`Agent ${before} of ${this.name} is there still:\n${this.peer.tail()}`);
  }
}
