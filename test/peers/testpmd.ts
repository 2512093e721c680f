import { rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Context } from 'mocha';
import { needs } from './needs.ts';
import type { Peer, Peers } from './process.ts';
import { allowedProcessors } from './processors.ts';

/** One vhost port of testpmd. */
export interface TestpmdPort {
  readonly socket: string;
  /** 'server' (testpmd listens, the default) or 'client' (testpmd connects, and again when the connection ends). */
  readonly role?: 'server' | 'client';
  readonly queues?: number;
  /** Further arguments of DPDK's vhost device: `{ tso: 1 }`, `{ 'iommu-support': 1 }`, `{ 'linear-buffer': 1 }`. */
  readonly options?: Readonly<Record<string, number | string>>;
}

let instances = 0;

export function needsTestpmd(context: Context): void {
  needs(context, 'dpdk-testpmd', 'dpdk-dev');
}

/**
 * DPDK's test program as a real vhost-user back-end that answers ARP and ping for every address, on every port.
 * Its polling thread takes a whole processor: end it as soon as it has served.
 */
export class Testpmd {
  readonly peer: Peer;

  private constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Settles when its ports listen (or look for whom to connect to) and packets are forwarded. */
  static async start(peers: Peers, ports: readonly TestpmdPort[]): Promise<Testpmd> {
    instances += 1;
    const prefix = `vc${process.pid}t${instances}`;
    peers.defer(() => rmSync(`/run/dpdk/${prefix}`, { recursive: true, force: true }));
    const processors = allowedProcessors();
    const queues = Math.max(1, ...ports.map((port) => port.queues ?? 1));
    const eal = [
      // The threads may go wherever there is room, so that one processor is enough if need be.
      ...['--lcores', `0@(${processors}),1@(${processors})`],
      ...['-v', '--no-huge', '-m', '256', '--no-pci', '--no-telemetry', '--file-prefix', prefix],
      ...ports.flatMap((port, index) => ['--vdev', deviceArgument(port, index)]),
    ];
    const own = [
      // The statistics are what makes testpmd flush its output when that is a pipe.
      ...['--nb-cores=1', '--forward-mode=icmpecho', '--total-num-mbufs=8192', '--stats-period=1'],
      ...(queues > 1 ? [`--rxq=${queues}`, `--txq=${queues}`] : []),
    ];
    const peer = peers.start('dpdk-testpmd', [...eal, '--', ...own]);
    // Polling gives way to everybody else who has work to do.
    setPriority(peer.pid, 10);
    await peer.waitFor(/Port statistics/);
    return new Testpmd(peer);
  }

  /** '22.11.11' */
  get version(): string {
    return /RTE Version: 'DPDK (\S+?)'/.exec(this.peer.output)?.[1] ?? '';
  }

  /** The features that front-ends have acknowledged on a port until now, one element for each SET_FEATURES. */
  acknowledged(socket: string): bigint[] {
    const lines = this.peer.output.matchAll(/\(([^)]*)\) negotiated Virtio features: (0x[0-9a-f]+)/g);
    return [...lines].filter(([, path]) => path === socket).map(([, , mask = '0']) => BigInt(mask));
  }

  async stop(): Promise<void> {
    await this.peer.stop();
  }
}

function deviceArgument(port: TestpmdPort, index: number): string {
  const options = Object.entries({ client: port.role === 'client' ? 1 : 0, ...port.options });
  const rest = options.map(([name, value]) => `,${name}=${value}`).join('');
  return `net_vhost${index},iface=${port.socket},queues=${port.queues ?? 1}${rest}`;
}
