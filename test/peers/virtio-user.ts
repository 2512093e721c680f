import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Context } from 'mocha';
import { needs, needsThat } from './needs.ts';
import { PATIENCE_MS, type Peer, type Peers } from './process.ts';
import { allowedProcessors } from './processors.ts';

const HUGE_PAGES = '/proc/sys/vm/nr_hugepages';
/** Pages of 2 MiB: front-end memory is shared with the back-end, which --no-huge cannot do. */
const PAGES = 48;
const MEMORY_MB = '64';

export interface VirtioUserOptions {
  /** Path of the vhost-user socket. */
  readonly socket: string;
  /** 'client' (connects, the default) or 'server' (listens). */
  readonly role?: 'client' | 'server';
  /** Further arguments of the device: `{ packed_vq: 1, mrg_rxbuf: 0, in_order: 0 }`. */
  readonly device?: Readonly<Record<string, number | string>>;
}

let instances = 0;

export function needsVirtioUser(context: Context): void {
  needs(context, 'dpdk-testpmd', 'dpdk-dev');
  needsThat(context, mayReserve(), 'a system that lets us reserve huge pages', 'dpdk-dev');
}

function mayReserve(): boolean {
  try {
    accessSync(HUGE_PAGES, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** DPDK's virtio-user: a real front-end that starts in a second, because there is no guest. It only transmits. */
export class VirtioUser {
  readonly peer: Peer;

  private constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Settles when it has negotiated and transmits. */
  static async start(peers: Peers, options: VirtioUserOptions): Promise<VirtioUser> {
    reserveHugePages(peers);
    instances += 1;
    const prefix = `vc${process.pid}u${instances}`;
    peers.defer(() => rmSync(`/run/dpdk/${prefix}`, { recursive: true, force: true }));
    const processors = allowedProcessors();
    const extra = Object.entries({ ...(options.role === 'server' ? { server: 1 } : {}), ...options.device });
    const device = [
      `net_virtio_user0,path=${options.socket},mac=52:54:00:00:00:77,queues=1,queue_size=256`,
      ...extra.map(([name, value]) => `${name}=${value}`),
    ];
    const peer = peers.start(
      'dpdk-testpmd',
      [
        ...[
          '--lcores',
          `0@(${processors}),1@(${processors})`,
          '-m',
          MEMORY_MB,
          '--in-memory',
          '--single-file-segments',
        ],
        ...['--no-pci', '--no-telemetry', '--file-prefix', prefix, '--vdev', device.join(',')],
        ...['--', '--nb-cores=1', '--forward-mode=txonly', '--total-num-mbufs=8192', '--stats-period=1'],
      ],
      { name: 'virtio-user' },
    );
    setPriority(peer.pid, 10);
    await peer.waitFor(/Port statistics/, PATIENCE_MS);
    return new VirtioUser(peer);
  }

  /** Settles when the back-end has taken packets. */
  async transmitted(timeoutMs = PATIENCE_MS): Promise<void> {
    await this.peer.waitFor(/TX-packets: [1-9]/, timeoutMs);
  }

  async stop(): Promise<void> {
    await this.peer.stop();
  }
}

/** Reserves what is missing and gives it back at the end. */
function reserveHugePages(peers: Peers): void {
  const free = Number(/^HugePages_Free:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
  if (free >= PAGES) return;
  const before = Number(readFileSync(HUGE_PAGES, 'utf8'));
  writeFileSync(HUGE_PAGES, String(before + PAGES - free));
  peers.defer(() => writeFileSync(HUGE_PAGES, String(before)));
}
