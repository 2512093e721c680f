import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Peer, type Peers } from './process.ts';
import { Line } from './serial.ts';

/** Disks that qemu-storage-daemon serves by vhost-user, and machines that have one and no system on it. */

export const STORAGE_DAEMON = 'qemu-storage-daemon';
const QEMU = 'qemu-system-x86_64';

/** Starts a disk of one MiB with so many queues; the path of its socket, on which it listens. */
export async function startDisk(peers: Peers, queues: number): Promise<string> {
  const folder = peers.folder();
  const [image, socket] = [join(folder, 'image'), join(folder, 'disk')];
  writeFileSync(image, Buffer.alloc(1 << 20));
  const daemon = peers.start(STORAGE_DAEMON, [
    ...['--blockdev', `driver=file,node-name=disk,filename=${image}`],
    '--export',
    `type=vhost-user-blk,id=e,node-name=disk,addr.type=unix,addr.path=${socket},writable=on,num-queues=${queues}`,
    ...['--pidfile', join(folder, 'pid')],
  ]);
  await eventually('the storage daemon listens', async () => {
    if (daemon.ending !== undefined) throw new Error(`${STORAGE_DAEMON} ${daemon.ending}: ${daemon.output}`);
    return existsSync(join(folder, 'pid'));
  });
  return socket;
}

export interface MachineOptions {
  /** Path of the vhost-user socket, to which QEMU connects. */
  readonly socket: string;
  readonly queues: number;
  /** Does not run the firmware, whose driver would take features. */
  readonly paused?: boolean;
  /** Waits there for a guest that migrates. */
  readonly incoming?: string;
}

/** QEMU without KVM. Its firmware has a driver of the disk, finds nothing to boot, and stays. */
export class DiskMachine {
  readonly peer: Peer;
  readonly #monitor: Line;

  private constructor(peer: Peer, monitor: Line) {
    this.peer = peer;
    this.#monitor = monitor;
  }

  static async start(peers: Peers, options: MachineOptions): Promise<DiskMachine> {
    const path = join(peers.folder(), 'qmp');
    const monitor = await Line.listen(path);
    peers.defer(() => monitor.close());
    return new DiskMachine(peers.start(QEMU, commandLine(options, path), { name: 'QEMU' }), monitor);
  }

  async greeted(): Promise<void> {
    await this.#monitor.take(/\{"QMP".*\r?\n/);
    await this.qmp('qmp_capabilities');
  }

  async qmp(command: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#monitor.send(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    const [line] = await this.#monitor.take(/^\{"(?:return|error)".*\r?\n/m);
    const reply = JSON.parse(line) as { return?: unknown; error?: { desc: string } };
    if (reply.error !== undefined) throw new Error(`QEMU refused ${command}: ${reply.error.desc}`);
    return reply.return;
  }

  /** Moves the guest to the machine that waits there; 'completed' or 'failed'. */
  async migrate(socket: string): Promise<string> {
    await this.qmp('migrate', { uri: `unix:${socket}` });
    return await eventually('the end of the migration', async () => {
      const { status = '' } = (await this.qmp('query-migrate')) as { status?: string };
      return ['completed', 'failed', 'cancelled'].includes(status) && status;
    });
  }

  async status(): Promise<string> {
    return ((await this.qmp('query-status')) as { status: string }).status;
  }

  /** What QEMU says when it ends by itself. */
  async lastWords(): Promise<string> {
    return await eventually('QEMU ends', async () => this.peer.ending !== undefined && this.peer.output);
  }
}

function commandLine({ socket, queues, paused = false, incoming }: MachineOptions, monitor: string): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', 'pc,accel=tcg,memory-backend=ram', '-m', '64M'],
    ...['-object', 'memory-backend-memfd,id=ram,size=64M,share=on'],
    ...['-chardev', `socket,id=qmp,path=${monitor},server=off`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `socket,id=vhost,path=${socket},server=off`],
    // QEMU 7.2 without KVM crashes when a vhost-user device signals by MSI-X
    ...['-device', `vhost-user-blk-pci,chardev=vhost,num-queues=${queues},vectors=0`],
    ...(paused ? ['-S'] : []),
    ...(incoming === undefined ? [] : ['-incoming', `unix:${incoming}`]),
  ];
}
