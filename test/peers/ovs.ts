import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { needs, needsThat } from './needs.ts';
import { eventually, type Peer, type Peers, run } from './process.ts';
import { firstProcessorMask, lastProcessorMask } from './processors.ts';

const SWITCH = '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk';
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const BRIDGE = 'br0';
/** About ten seconds. */
const LOOKS_BEFORE_CHANGE = 100;

export interface OvsRestart {
  /** 'exit' as an operator ends it (ovs-appctl exit), 'kill' as a crash does. */
  readonly how: 'exit' | 'kill';
  /** Changes to Open_vSwitch.other_config while it is away. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface OvsOptions {
  /** Keys of Open_vSwitch.other_config that are set before DPDK starts: `{ 'userspace-tso-enable': 'true' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Address of the bridge, which the kernel answers for; front-ends ping it. */
  readonly address?: string;
}

export function needsOvs(context: Context): void {
  needs(context, SWITCH, 'openvswitch-switch-dpdk');
  needs(context, 'ovsdb-server', 'openvswitch-switch');
  needs(context, 'ovs-vsctl', 'openvswitch-switch');
  needs(context, 'unshare', 'util-linux');
  needs(context, 'ip', 'iproute2');
  needsThat(context, hasNamespaces(), 'root with the right to make network namespaces and /dev/net/tun,', 'iproute2');
}

function hasNamespaces(): boolean {
  return existsSync('/dev/net/tun') && spawnSync('unshare', ['--net', 'true']).status === 0;
}

let instances = 0;

/**
 * A private Open vSwitch with DPDK: own database, own network namespace (its bridge's tap device is seen by nobody
 * else and goes with the process), no hugepages, and a polling thread that sleeps when nothing arrives.
 */
export class Ovs {
  readonly folder: string;
  readonly #peers: Peers;
  readonly #address: string;
  readonly #database: Peer;
  #switch: Peer;
  #lives = 1;

  private constructor(peers: Peers, parts: { folder: string; address: string; database: Peer; vswitch: Peer }) {
    this.#peers = peers;
    this.folder = parts.folder;
    this.#address = parts.address;
    this.#database = parts.database;
    this.#switch = parts.vswitch;
  }

  /** Settles when the switch runs and its bridge exists and answers for `address` (10.0.0.1 unless told). */
  static async start(peers: Peers, options: OvsOptions = {}): Promise<Ovs> {
    const folder = peers.folder();
    instances += 1;
    const prefix = `vc${process.pid}o${instances}`;
    peers.defer(() => rmSync(`/run/dpdk/${prefix}`, { recursive: true, force: true }));
    const file = join(folder, 'conf.db');
    await run('ovsdb-tool', ['create', file, SCHEMA]);
    const remote = `punix:${join(folder, 'db.sock')}`;
    const database = peers.start(
      'ovsdb-server',
      [file, `--remote=${remote}`, `--unixctl=${join(folder, 'db.ctl')}`, '--no-chdir'],
      { env: foldersIn(folder), name: 'ovsdb-server of Open vSwitch' },
    );
    await eventually('the database of Open vSwitch', async () => {
      if (!database.running) throw new Error(`ovsdb-server ${database.ending}: ${database.tail()}`);
      return await run('ovs-vsctl', [`--db=unix:${folder}/db.sock`, '--no-wait', '--timeout=5', 'init']).then(
        () => true,
        () => false,
      );
    });
    const settings = {
      'dpdk-init': 'true',
      'dpdk-lcore-mask': firstProcessorMask(),
      'pmd-cpu-mask': lastProcessorMask(),
      // Open vSwitch adds --in-memory by itself unless --legacy-mem is there, and DPDK refuses that with --no-huge.
      'dpdk-extra': `--no-huge --legacy-mem -m 512 --no-pci --file-prefix=${prefix}`,
      // The name until 3.1 and the name since: microseconds that an idle polling thread may sleep.
      'pmd-maxsleep': '500',
      'pmd-sleep-max': '500',
      ...options.config,
    };
    // Before the switch starts: some settings are read only once.
    await run('ovs-vsctl', [...noWait(folder), 'set', 'Open_vSwitch', '.', ...pairs('other_config', settings)]);
    const vswitch = launch(peers, folder);
    const ovs = new Ovs(peers, { folder, address: options.address ?? '10.0.0.1', database, vswitch });
    // An address of its own choice would be another one after a restart, and guests remember addresses for a while.
    const bridge = ['datapath_type=netdev', 'other_config:hwaddr=02:00:00:00:00:01'];
    await ovs.vsctl('add-br', BRIDGE, '--', 'set', 'Bridge', BRIDGE, ...bridge);
    await ovs.#addressed();
    return ovs;
  }

  /**
   * Ends the switch, not its database, and starts it again; settles when it has done all that the database asks for.
   * A switch that is killed leaves the socket files on which it listened, and does not like to find them.
   */
  async restart({ how, config = {} }: OvsRestart): Promise<void> {
    if (how === 'kill') await this.#switch.kill();
    else {
      await run('ovs-appctl', ['--target', `${this.folder}/switch.ctl`, 'exit']);
      await this.#switch.ended;
    }
    const settings = pairs('other_config', config);
    if (settings.length > 0) await run('ovs-vsctl', [...noWait(this.folder), 'set', 'Open_vSwitch', '.', ...settings]);
    this.#switch = launch(this.#peers, this.folder);
    this.#lives += 1;
    await this.vsctl('set', 'Open_vSwitch', '.', `external_ids:lives=${this.#lives}`);
    await this.#addressed();
  }

  /** The log of the switch since its last start. */
  get output(): string {
    return this.#switch.output;
  }

  /** '3.1.0' */
  async version(): Promise<string> {
    const text = await run(SWITCH, ['--version']);
    return /\(Open vSwitch\) (\S+)/.exec(text)?.[1] ?? '';
  }

  /** A port on which Open vSwitch listens; returns the path of its socket. */
  async addServerPort(name: string): Promise<string> {
    await this.vsctl('add-port', BRIDGE, name, '--', 'set', 'Interface', name, 'type=dpdkvhostuser');
    await this.#accepted(name);
    return join(this.folder, name);
  }

  /** A port that connects to `socket`, and again about every second when nobody is there. */
  async addClientPort(name: string, socket: string): Promise<void> {
    const set = ['set', 'Interface', name, 'type=dpdkvhostuserclient', `options:vhost-server-path=${socket}`];
    await this.vsctl('add-port', BRIDGE, name, '--', ...set);
    await this.#accepted(name);
  }

  async deletePort(name: string): Promise<void> {
    await this.vsctl('del-port', BRIDGE, name);
  }

  /** Interface.status: `{ mode: 'client', status: 'connected', features: '0x…' }` once a front-end has negotiated. */
  async status(name: string): Promise<Record<string, string>> {
    const text = await this.vsctl('--format=json', '--columns=status', 'list', 'Interface', name);
    const { data } = JSON.parse(text) as { data: [[[string, [string, string][]]]] };
    return Object.fromEntries(data[0][0][1]);
  }

  /**
   * The features that a port's front-end has acknowledged. Open vSwitch writes the status of its ports when one of them
   * changes, and now and then misses a change that comes together with another: the next one makes it look again.
   */
  async acknowledged(name: string): Promise<bigint> {
    let looks = 0;
    return await eventually(`a front-end on port ${name}`, async () => {
      const { features, status } = await this.status(name);
      looks += 1;
      if (looks % LOOKS_BEFORE_CHANGE === 0) await this.#changePorts();
      return status === 'connected' && features !== undefined && BigInt(features);
    });
  }

  async #changePorts(): Promise<void> {
    await this.vsctl('--may-exist', 'add-port', BRIDGE, 'look', '--', 'set', 'Interface', 'look', 'type=internal');
    await this.vsctl('--if-exists', 'del-port', BRIDGE, 'look');
  }

  /** Runs ovs-vsctl on the private database; unless told `--no-wait` it returns when the switch has done it. */
  async vsctl(...args: string[]): Promise<string> {
    if (!this.#switch.running) throw new Error(`ovs-vswitchd ${this.#switch.ending}: ${this.#switch.tail()}`);
    return await run('ovs-vsctl', [`--db=unix:${this.folder}/db.sock`, '--timeout=60', ...args]);
  }

  /** Ends the switch, its polling threads and its database. */
  async stop(): Promise<void> {
    await this.#switch.stop();
    await this.#database.stop();
  }

  async #accepted(name: string): Promise<void> {
    const error = (await this.vsctl('get', 'Interface', name, 'error')).trim();
    if (error !== '[]') throw new Error(`Open vSwitch did not take port ${name}: ${error}\n${this.#switch.tail()}`);
  }

  /** The bridge's device is a new one in each life of the switch. */
  async #addressed(): Promise<void> {
    await this.#inNamespace('ip', 'address', 'add', `${this.#address}/24`, 'dev', BRIDGE);
    await this.#inNamespace('ip', 'link', 'set', BRIDGE, 'up');
  }

  async #inNamespace(...command: string[]): Promise<void> {
    await run('nsenter', [`--target=${this.#switch.pid}`, '--net', '--', ...command]);
  }
}

function foldersIn(folder: string): Readonly<Record<string, string>> {
  return { OVS_RUNDIR: folder, OVS_DBDIR: folder, OVS_LOGDIR: folder, OVS_SYSCONFDIR: folder };
}

function launch(peers: Peers, folder: string): Peer {
  const args = [SWITCH, `unix:${folder}/db.sock`, `--unixctl=${folder}/switch.ctl`, '--no-chdir'];
  return peers.start('unshare', ['--net', '--', ...args], { env: foldersIn(folder), name: 'ovs-vswitchd' });
}

/** Arguments for ovs-vsctl while no switch runs. */
function noWait(folder: string): string[] {
  return [`--db=unix:${folder}/db.sock`, '--no-wait', '--timeout=60'];
}

function pairs(column: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([key, value]) => `${column}:${key}="${value}"`);
}
