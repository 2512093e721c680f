import type { Peer, Peers } from '../peers/process.ts';
import { AGENT } from '../programs.ts';
import { TestAgent } from './agents.ts';
import { SERVING } from './supervised.ts';

/** An agent whose two processes are started, stopped and killed apart; nobody keeps its connections. */
export class SplitAgent extends TestAgent {
  readonly #peers: Peers;
  #relay: Peer | undefined;
  #manager: Peer | undefined;

  constructor(peers: Peers, name: string) {
    super(peers, name);
    this.#peers = peers;
  }

  static override async start(peers: Peers, name: string): Promise<SplitAgent> {
    const agent = new SplitAgent(peers, name);
    await agent.start();
    return agent;
  }

  override async start(): Promise<void> {
    await this.startRelay();
    await this.startManager();
  }

  async startRelay(): Promise<void> {
    this.#relay = this.#run('relay');
    await this.#relay.waitFor(/event=relay-started/);
  }

  async startManager(): Promise<void> {
    this.#manager = this.#run('manager');
    await this.#manager.waitFor(SERVING);
  }

  #run(process_: string): Peer {
    const dirs = ['--run-dir', this.dir, '--state-dir', this.dir, '--hostname', this.name, '--system-id', this.name];
    return this.#peers.start(process.execPath, [AGENT, process_, ...dirs], { name: `${process_} of ${this.name}` });
  }

  get relay(): Peer {
    if (!this.#relay) throw new Error(`the relay process of ${this.name} was not started`);
    return this.#relay;
  }

  get manager(): Peer {
    if (!this.#manager) throw new Error(`the manager process of ${this.name} was not started`);
    return this.#manager;
  }
}
