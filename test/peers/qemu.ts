import { join } from 'node:path';
import type { Guest } from './guest.ts';
import { eventually, PATIENCE_MS, type Peer, type Peers, run } from './process.ts';
import { Line } from './serial.ts';

const QEMU = 'qemu-system-x86_64';

export interface QemuOptions {
  readonly guest: Guest;
  /** Path of the vhost-user socket. */
  readonly socket: string;
  /** 'client' (QEMU connects, the default) or 'server' (QEMU listens and waits for a back-end before it boots). */
  readonly role?: 'client' | 'server';
  /** Client only: seconds until QEMU connects again when the connection has ended; 0 (the default) is never. */
  readonly reconnect?: number;
  readonly queues?: number;
  readonly rxQueueSize?: number;
  /** Address of the guest, 10.0.0.2 unless told. */
  readonly address?: string;
  readonly mac?: string;
  /** Further properties of virtio-net-pci: `{ packed: 'on', host_mtu: '1500' }`. */
  readonly device?: Readonly<Record<string, string>>;
  /** Path of a socket that does not exist yet: QEMU does not boot but waits there for a guest that migrates. */
  readonly incoming?: string;
}

/** The answer of `query-migrate`; `status` is absent before the first migration. */
export interface MigrationInfo {
  readonly status?: string;
  readonly 'error-desc'?: string;
  readonly ram?: { readonly transferred: number; readonly remaining: number; readonly total: number };
}

/** QEMU answers that it will not do what it was told. */
export class QmpError extends Error {
  override readonly name = 'QmpError';
}

/** The states in which a migration stays. */
const MIGRATION_ENDS: readonly string[] = ['completed', 'failed', 'cancelled'];

/** A Linux guest without KVM whose network card is a vhost-user front-end. */
export class Qemu {
  readonly peer: Peer;
  readonly #shell: Line;
  readonly #monitor: Line;
  #commands = 0;
  #greeted = false;

  private constructor(peer: Peer, shell: Line, monitor: Line) {
    this.peer = peer;
    this.#shell = shell;
    this.#monitor = monitor;
  }

  /** Starts QEMU and returns at once, with a guest that is yet to boot: wait with `booted()`. */
  static async start(peers: Peers, options: QemuOptions): Promise<Qemu> {
    const folder = peers.folder();
    // QEMU connects to us: nothing that the guest says before we look is lost.
    const shell = await Line.listen(join(folder, 'shell'));
    peers.defer(() => shell.close());
    const monitor = await Line.listen(join(folder, 'qmp'));
    peers.defer(() => monitor.close());
    const peer = peers.start(QEMU, commandLine(options, folder), { name: 'QEMU' });
    return new Qemu(peer, shell, monitor);
  }

  /** Starts QEMU and waits until the guest is up. */
  static async boot(peers: Peers, options: QemuOptions): Promise<Qemu> {
    const qemu = await Qemu.start(peers, options);
    await qemu.booted();
    return qemu;
  }

  /** '7.2.22' */
  static async version(): Promise<string> {
    return /version (\S+)/.exec(await run(QEMU, ['--version']))?.[1] ?? '';
  }

  /** Settles when the guest has loaded its drivers and its shell listens. */
  async booted(timeoutMs = 2 * PATIENCE_MS): Promise<void> {
    await this.#withOutput(this.#shell.take(/guest is ready\r?\n/, timeoutMs));
  }

  /** Runs a command in the guest; its output and status. One at a time. */
  async execute(command: string, timeoutMs = PATIENCE_MS): Promise<{ status: number; output: string }> {
    this.#commands += 1;
    const mark = `end-of-command-${this.#commands}`;
    this.#shell.send(`{ ${command}\n} </dev/null 2>&1; echo "${mark} $?"\n`);
    const end = await this.#withOutput(this.#shell.take(new RegExp(`${mark} (\\d+)\\r?\\n`), timeoutMs));
    return { status: Number(end[1]), output: end.before };
  }

  /** As `execute`; rejects when the command fails. */
  async run(command: string, timeoutMs = PATIENCE_MS): Promise<string> {
    const { status, output } = await this.execute(command, timeoutMs);
    if (status !== 0) throw new Error(`The guest's command ${command} ended with status ${status}: ${output.trim()}`);
    return output;
  }

  /** The feature bits that the guest's driver of the network card has negotiated. */
  async features(): Promise<bigint> {
    const text = (await this.run('cat /sys/class/net/eth0/device/features')).trim();
    if (!/^[01]+$/.test(text)) throw new Error(`The guest shows no feature bits but ${JSON.stringify(text)}`);
    // The kernel writes bit 0 first.
    return BigInt(`0b${[...text].reverse().join('')}`);
  }

  /** Sends `count` echo requests, one a second; how many were answered. */
  async ping(address: string, count = 3): Promise<number> {
    const { output } = await this.execute(`ping -c ${count} -W 3 ${address}`);
    const received = /(\d+) packets received/.exec(output)?.[1];
    if (received === undefined) throw new Error(`The guest cannot ping: ${output.trim()}`);
    return Number(received);
  }

  /** Pings until there is an answer: false when there was none within `attempts` requests. */
  async reaches(address: string, attempts = 20): Promise<boolean> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if ((await this.ping(address, 1)) > 0) return true;
    }
    return false;
  }

  /** Runs a command of the QEMU machine protocol; its answer. Events are passed over. */
  async qmp(command: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (!this.#greeted) {
      await this.#monitor.take(/\{"QMP".*\r?\n/);
      this.#greeted = true;
      await this.#answer({ execute: 'qmp_capabilities' });
    }
    return await this.#answer({ execute: command, arguments: parameters });
  }

  /** 'running', 'inmigrate' (waits for a guest), 'postmigrate' (the guest has gone), 'paused'. */
  async status(): Promise<string> {
    return ((await this.qmp('query-status')) as { status: string }).status;
  }

  /**
   * Begins to move the guest to the QEMU that waits with `incoming` on this socket; `bandwidth` is in bytes a second.
   * Rejects when QEMU does not want to. How it goes is told by `queryMigrate`, how it went by `migrated`.
   */
  async migrate(socket: string, bandwidth?: number): Promise<void> {
    if (bandwidth !== undefined) await this.limitMigration(bandwidth);
    await this.qmp('migrate', { uri: `unix:${socket}` });
  }

  /** Both sides have to, before the migration. Rejects when a device at the destination cannot. */
  async allowPostcopy(): Promise<void> {
    const capabilities = [{ capability: 'postcopy-ram', state: true }];
    await this.qmp('migrate-set-capabilities', { capabilities });
  }

  /** Slows a migration down, or speeds it up again while it is under way. */
  async limitMigration(bandwidth: number): Promise<void> {
    await this.qmp('migrate-set-parameters', { 'max-bandwidth': bandwidth });
  }

  async queryMigrate(): Promise<MigrationInfo> {
    return (await this.qmp('query-migrate')) as MigrationInfo;
  }

  /**
   * Waits until the migration is over on this side: 'completed', 'failed' or 'cancelled'. QEMU says 'completed' when all
   * was sent, also to a destination that dies of it.
   */
  async migrated(): Promise<{ readonly status: string; readonly error: string | undefined }> {
    return await eventually('the end of the migration at its source', async () => {
      const { status = '', 'error-desc': error } = await this.queryMigrate();
      return MIGRATION_ENDS.includes(status) && { status, error };
    });
  }

  /** The messages of QEMU itself, without the guest's console. */
  get complaints(): string {
    return this.peer.output
      .split('\n')
      .filter((line) => line.startsWith(QEMU))
      .join('\n');
  }

  /** Pulls the plug; the front-end's socket closes. */
  async stop(): Promise<void> {
    await this.peer.stop();
  }

  async #answer(request: unknown): Promise<unknown> {
    this.#monitor.send(`${JSON.stringify(request)}\n`);
    const line = await this.#withOutput(this.#monitor.take(/^\{"(?:return|error)".*\r?\n/m));
    const reply = JSON.parse(line[0]) as { return?: unknown; error?: { desc: string } };
    if (reply.error !== undefined) throw new QmpError(`QEMU refused ${JSON.stringify(request)}: ${reply.error.desc}`);
    return reply.return;
  }

  /** Failures show what QEMU and the guest's kernel said. */
  async #withOutput<T>(wait: Promise<T>): Promise<T> {
    try {
      return await wait;
    } catch (error) {
      const how = this.peer.ending ?? 'runs';
      throw new Error(`${error instanceof Error ? error.message : error}; QEMU ${how}:\n${this.peer.tail()}`);
    }
  }
}

function commandLine(options: QemuOptions, folder: string): string[] {
  const queues = options.queues ?? 1;
  const device = {
    netdev: 'n0',
    mac: options.mac ?? '52:54:00:00:00:02',
    // No boot from the network: the firmware shall not negotiate with the back-end before Linux does.
    romfile: '',
    // QEMU 7.2 without KVM crashes when a vhost-user card signals by MSI-X.
    vectors: '0',
    ...(queues > 1 ? { mq: 'on' } : {}),
    ...(options.rxQueueSize === undefined ? {} : { rx_queue_size: String(options.rxQueueSize) }),
    ...options.device,
  };
  const server = 'server=on,wait=off';
  const role = options.role === 'server' ? server : `server=off,reconnect=${options.reconnect ?? 0}`;
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ...['-machine', 'pc,accel=tcg,memory-backend=ram', '-m', '128M'],
    ...['-object', 'memory-backend-memfd,id=ram,size=128M,share=on'],
    ...['-kernel', options.guest.kernel, '-initrd', options.guest.initrd],
    // On a loaded machine the kernel finds the emulated timer too slow, and panics unless told not to look.
    ...['-append', `console=ttyS0 quiet panic=-1 no_timer_check address=${options.address ?? '10.0.0.2'}`],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=shell,path=${join(folder, 'shell')},server=off`, '-serial', 'chardev:shell'],
    ...['-chardev', `socket,id=qmp,path=${join(folder, 'qmp')},server=off`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=vhost,path=${options.socket},${role}`],
    ...['-netdev', `vhost-user,id=n0,chardev=vhost,queues=${queues}`],
    ...['-device', ['virtio-net-pci', ...Object.entries(device).map(([key, value]) => `${key}=${value}`)].join(',')],
    ...(options.incoming === undefined ? [] : ['-incoming', `unix:${options.incoming}`]),
  ];
}
