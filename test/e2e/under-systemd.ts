import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Peers } from '../peers/process.ts';
import { Systemd } from '../peers/systemd.ts';
import { AGENT } from '../programs.ts';
import { ROOT } from '../root.ts';
import { TestAgent } from './agents.ts';
import { SERVING } from './supervised.ts';

/** The units that we ship. */
export const RELAY_UNIT = 'vhost-compatd.service';
export const MANAGER_UNIT = 'vhost-compat-manager.service';
export const BOTH_UNITS = [RELAY_UNIT, MANAGER_UNIT];
type Process = 'relay' | 'manager';
const UNITS: Readonly<Record<Process, string>> = { relay: RELAY_UNIT, manager: MANAGER_UNIT };
const PACKAGING = join(ROOT, 'packaging');
const USERS = join(PACKAGING, 'vhost-compat.sysusers.conf');

/** When the relay process serves. */
const RELAYING = /event=relay-started/;

/**
 * An agent under a real systemd, as the unit files that we ship say: users, rights, directories. Only the place of the program is
 * the test's, and `dir` is /run there, so that programs outside reach the sockets.
 */
export class SystemdAgent extends TestAgent {
  readonly #peers: Peers;
  readonly #args: readonly string[];
  #systemd: Systemd | undefined;

  constructor(peers: Peers, name: string, args: readonly string[] = ['--socket-dir', '/run/vhost-user']) {
    super(peers, name);
    this.#peers = peers;
    this.#args = args;
    mkdirSync(this.path(''));
    chmodSync(this.dir, 0o755);
  }

  static override async start(peers: Peers, name: string): Promise<SystemdAgent> {
    const agent = new SystemdAgent(peers, name);
    await agent.boot();
    await agent.install();
    await agent.start();
    return agent;
  }

  /** Starts systemd, without the agent. */
  async boot(): Promise<void> {
    this.#systemd = await Systemd.start(this.#peers, this.dir, [USERS]);
  }

  /** As packaging/README.md says. */
  async install(): Promise<void> {
    for (const unit of BOTH_UNITS) cpSync(join(PACKAGING, unit), join(this.systemd.units, unit));
    // an installed program is in neither
    const programIn = (place: RegExp) => [process.execPath, ROOT].some((path) => place.test(path));
    const seen = [
      ...(programIn(/^\/(home|root)\//) ? ['ProtectHome=no'] : []),
      ...(programIn(/^\/(var\/)?tmp\//) ? ['PrivateTmp=no'] : []),
    ];
    for (const name of ['relay', 'manager'] as const) {
      const log = this.#logFile(name);
      appendFileSync(log, '');
      this.configure(name, [
        'ExecStart=',
        `ExecStart=${[process.execPath, AGENT, name, ...this.#args].join(' ')}`,
        `StandardOutput=append:${log}`,
        `StandardError=append:${log}`,
        ...seen,
        // the same sockets have two names here
        ...(name === 'relay' ? [`ReadWritePaths=${this.dir}`] : []),
      ]);
    }
    await this.systemd.systemctl('daemon-reload');
  }

  /** Writes a drop-in for the unit of a process; a later `daemon-reload` takes it. */
  configure(process_: Process, lines: readonly string[], file = 'test.conf'): void {
    const folder = join(this.systemd.units, `${UNITS[process_]}.d`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), ['[Service]', ...lines].join('\n'));
  }

  /** As an administrator does: the start of one brings the other along. */
  override async start(): Promise<void> {
    const since = this.log.length;
    await this.systemd.systemctl('start', RELAY_UNIT);
    await this.#says(SERVING, since);
  }

  get systemd(): Systemd {
    if (!this.#systemd) throw new Error(`agent ${this.name} was not started`);
    return this.#systemd;
  }

  override get db(): string {
    return `unix:${join(this.dir, 'vhost-compat', 'db.sock')}`;
  }

  override get api(): string {
    return join(this.dir, 'vhost-compat', 'api.sock');
  }

  /** In the directory of sockets that README recommends, by its name outside. */
  override path(name: string): string {
    return join(this.dir, 'vhost-user', name);
  }

  /** What the manager says. */
  override get log(): string {
    return this.logOf('manager');
  }

  logOf(process_: Process): string {
    const file = this.#logFile(process_);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  #logFile(process_: Process): string {
    return join(this.dir, `${process_}.log`);
  }

  /** How many descriptors systemd holds for the relay process. */
  async stored(): Promise<number> {
    return Number(await this.systemd.property(RELAY_UNIT, 'NFileDescriptorStore'));
  }

  /** The number of a process, as it is seen inside. */
  async pidOf(process_: Process): Promise<number> {
    return Number(await this.systemd.property(UNITS[process_], 'MainPID'));
  }

  /** SIGKILL to the relay process; settles when its successor serves. */
  async killAgent(): Promise<void> {
    await this.succeeded('relay', () => this.systemd.systemctl('kill', '--signal', 'KILL', RELAY_UNIT));
  }

  /** SIGKILL to the manager process; settles when its successor serves. */
  async killManager(): Promise<void> {
    await this.succeeded('manager', () => this.systemd.systemctl('kill', '--signal', 'KILL', MANAGER_UNIT));
  }

  /** What an administrator does after an upgrade of the program; settles when the successors serve. */
  async upgrade(): Promise<void> {
    await this.succeeded('relay', () =>
      this.succeeded('manager', async () => {
        await this.systemd.systemctl('daemon-reload');
        await this.systemd.systemctl('restart', ...BOTH_UNITS);
      }),
    );
  }

  /** Ends both for good: what was kept is given up. */
  override async stop(): Promise<void> {
    await this.systemd.systemctl('stop', ...BOTH_UNITS);
  }

  /** Runs what replaces a process, and waits until the next one serves. */
  async succeeded(process_: Process, end: () => Promise<unknown>): Promise<void> {
    const [before, since] = [await this.pidOf(process_), this.logOf(process_).length];
    const sinceManager = this.log.length;
    await end();
    if (process_ === 'manager') await this.#says(SERVING, since);
    else {
      await eventually(`a relay process that serves, after:\n${this.logOf('relay').slice(since)}`, () =>
        RELAYING.test(this.logOf('relay').slice(since)),
      );
      await this.#says(/event=relay-connected/, sinceManager);
    }
    const after = await this.pidOf(process_);
    if (after === before) throw new Error(`Process ${before} of ${this.name} is there still:\n${this.log}`);
  }

  async #says(pattern: RegExp, since: number): Promise<void> {
    await eventually(`${pattern} of the manager, after:\n${this.log.slice(since)}`, () =>
      pattern.test(this.log.slice(since)),
    );
  }
}
