import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Peers } from '../../test/peers/process.ts';
import { AgentProcess, knowsSupervise, memoryFolder, type PortPaths, portPaths } from './agent-process.ts';
import { CRelay } from './c-relay.ts';
import { Helper, type HelperName, now } from './helper.ts';
import type { Options } from './options.ts';
import { ownTimes, type Stretch } from './profile.ts';
import type { Findings } from './report.ts';

/** The release that the mock back-ends answer like. */
const LIKE = 'ovs-3.1';

/** What stands between the ends, and what it is called in the tables. */
export interface Way {
  readonly through: string;
  readonly supervise: boolean;
}

/** Everything that a work needs. All that it starts ends with `peers`. */
export class Bed {
  readonly options: Options;
  readonly peers: Peers;
  readonly findings: Findings;
  readonly #stretches: Stretch[] = [];
  readonly #profiled: string[] = [];

  constructor(options: Options, peers: Peers, findings: Findings) {
    this.options = options;
    this.peers = peers;
    this.findings = findings;
  }

  get supervises(): boolean {
    return this.options.supervise && knowsSupervise();
  }

  get ways(): Way[] {
    const plain = { through: 'agent', supervise: false };
    return this.supervises ? [plain, { through: 'agent under --supervise', supervise: true }] : [plain];
  }

  agent(supervise: boolean, args: readonly string[] = []): AgentProcess {
    let profile: string | undefined;
    if (this.options.profile !== undefined) {
      profile = mkdtempSync(`${join(this.options.profile, 'agent')}-`);
      this.#profiled.push(profile);
    }
    return new AgentProcess(this.peers, { supervise, profile, args });
  }

  /** Marks a stretch of time that the agent's profile is read for. */
  wasMeasured({ from, to }: Stretch): void {
    this.#stretches.push({ from, to });
  }

  async measured<T>(work: () => Promise<T>): Promise<T> {
    const from = now();
    try {
      return await work();
    } finally {
      this.wasMeasured({ from, to: now() });
    }
  }

  /** After the agents have ended, for only then they write. */
  profiles(): string | undefined {
    const texts = this.#profiled.flatMap((folder) => ownTimes(folder, this.#stretches));
    return texts.length > 0 ? texts.join('\n') : undefined;
  }

  helper(name: HelperName): Helper {
    const helper = new Helper(name);
    this.peers.defer(() => helper.kill());
    return helper;
  }

  paths(count: number, folder = memoryFolder(this.peers)): PortPaths[] {
    return portPaths(folder, count);
  }

  /** The floor between such pairs of sockets; undefined, with a note, where it cannot be compiled. */
  async cRelay(paths: readonly PortPaths[]): Promise<CRelay | undefined> {
    const relay = await CRelay.start(this.peers, paths);
    const why = 'C relay left out: no C compiler `cc` is installed.';
    if (!relay && !this.findings.notes.includes(why)) this.findings.notes.push(why);
    return relay;
  }

  /** Back-ends in one process; those that are given as `standby` were started beforehand. */
  async backends(paths: readonly PortPaths[], standby?: Helper): Promise<{ helper: Helper; openAt: number }> {
    const helper = standby ?? this.helper('backend');
    const openAt = await helper.call<number>('open', { paths: paths.map(({ backend }) => backend), like: LIKE });
    return { helper, openAt };
  }

  /** Front-ends in one process that stay connected; settles when all have negotiated. */
  async frontends(paths: readonly string[]): Promise<Helper> {
    const helper = this.helper('frontend');
    await helper.call('stay', { paths, retryMs: this.options.retryMs });
    await helper.call('negotiated', { lives: 1 });
    return helper;
  }
}
