import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Peers } from '../peers/process.ts';
import { Systemd } from '../peers/systemd.ts';
import { AGENT } from '../programs.ts';
import { ROOT } from '../root.ts';
import { TestAgent } from './agents.ts';
import { SERVING } from './supervised.ts';

const UNIT = 'vhost-compatd.service';

/** An agent under a real systemd, as the unit file that we ship says; only the program and its folders are the test's. */
export class SystemdAgent extends TestAgent {
  readonly #peers: Peers;
  readonly #logFile: string;
  #systemd: Systemd | undefined;

  constructor(peers: Peers, name: string) {
    super(peers, name);
    this.#peers = peers;
    this.#logFile = this.path('log');
  }

  static override async start(peers: Peers, name: string): Promise<SystemdAgent> {
    const agent = new SystemdAgent(peers, name);
    await agent.start();
    return agent;
  }

  override async start(): Promise<void> {
    this.#systemd = await Systemd.start(this.#peers);
    const { units } = this.#systemd;
    cpSync(join(ROOT, 'packaging', UNIT), join(units, UNIT));
    const command = [process.execPath, AGENT, '--run-dir', this.dir, '--state-dir', this.dir, '--system-id', this.name];
    const dropIn = join(units, `${UNIT}.d`);
    mkdirSync(dropIn);
    const atHome = [process.execPath, ROOT].some((path) => /^\/(home|root)\//.test(path));
    writeFileSync(
      join(dropIn, 'test.conf'),
      [
        '[Service]',
        'ExecStart=',
        `ExecStart=${command.join(' ')}`,
        `StandardOutput=append:${this.#logFile}`,
        `StandardError=append:${this.#logFile}`,
        ...(atHome ? ['ProtectHome=no'] : []),
      ].join('\n'),
    );
    appendFileSync(this.#logFile, '');
    await this.systemd.systemctl('daemon-reload');
    await this.systemd.systemctl('start', UNIT);
    await this.#serves(0);
  }

  get systemd(): Systemd {
    if (!this.#systemd) throw new Error(`agent ${this.name} was not started`);
    return this.#systemd;
  }

  override get log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** How many descriptors systemd holds for it. */
  async stored(): Promise<number> {
    return Number(await this.systemd.property(UNIT, 'NFileDescriptorStore'));
  }

  /** SIGKILL to the agent; settles when its successor serves. */
  async killAgent(): Promise<void> {
    await this.#succeeded(() => this.systemd.systemctl('kill', '--signal', 'KILL', UNIT));
  }

  /** What an administrator does after an upgrade of the program; settles when the successor serves. */
  async upgrade(): Promise<void> {
    await this.#succeeded(() => this.systemd.systemctl('restart', UNIT));
  }

  /** Ends it for good: what was kept is given up. */
  override async stop(): Promise<void> {
    await this.systemd.systemctl('stop', UNIT);
  }

  async #succeeded(end: () => Promise<unknown>): Promise<void> {
    const [before, since] = [await this.systemd.property(UNIT, 'MainPID'), this.log.length];
    await end();
    await this.#serves(since);
    const after = await this.systemd.property(UNIT, 'MainPID');
    if (after === before) throw new Error(`Agent ${before} of ${this.name} is there still:\n${this.log}`);
  }

  async #serves(since: number): Promise<void> {
    await eventually(`an agent that serves, after:\n${this.log.slice(since)}`, () =>
      SERVING.test(this.log.slice(since)),
    );
  }
}
