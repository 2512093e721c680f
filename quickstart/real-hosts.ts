import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Scene } from './scene.ts';
import type { Cast } from './story.ts';

/**
 * DPDK's testpmd as back-end (one with host TSO, one without) and QEMU as front-end, when they are installed. QEMU needs
 * no guest system for this: its firmware's network driver goes through the whole start of the device.
 */
export function realHosts(scene: Scene): Cast {
  const testpmd = find('dpdk-testpmd', 'dpdk-dev');
  const qemu = find('qemu-system-x86_64', 'qemu-system-x86');
  const settings: Readonly<Record<string, string>> = { 'host-a': ',tso=1', 'host-b': '' };
  return {
    hosts: [
      { name: 'host-a', backend: "DPDK's testpmd with tso=1" },
      { name: 'host-b', backend: 'testpmd as it is' },
    ],
    frontend: 'QEMU',
    async startBackend({ name }, path) {
      const vdev = `net_vhost0,iface=${path},queues=1${settings[name] ?? ''}`;
      scene.show(`$ dpdk-testpmd --vdev ${vdev.replace(path, `${name}/backend.sock`)} …`);
      const memory = [
        '-l',
        '0-1',
        '--no-huge',
        '-m',
        '128',
        '--no-pci',
        '--no-telemetry',
        '--no-shconf',
        '--file-prefix',
        `vcq-${name}-${process.pid}`,
      ];
      // rxonly polls on one core; two hosts on a small machine share it.
      const forwarding = ['--total-num-mbufs=4096', '--stats-period', '5', '--forward-mode=rxonly', '--nb-cores=1'];
      await scene.startOther(
        testpmd,
        /Port statistics|Press enter to exit/,
        [...memory, '--vdev', vdev, '--', ...forwarding],
        'dpdk-testpmd',
      );
    },
    async startFrontend({ name }, path) {
      scene.show(
        `$ qemu-system-x86_64 -chardev socket,id=c,path=${name}/frontend.sock -netdev vhost-user,chardev=c,id=n -device virtio-net-pci,netdev=n …`,
      );
      const machine = [
        '-machine',
        'pc,accel=tcg,memory-backend=m',
        '-object',
        'memory-backend-memfd,id=m,size=64M,share=on',
        '-m',
        '64M',
      ];
      const network = [
        '-chardev',
        `socket,id=c,path=${path}`,
        '-netdev',
        'vhost-user,chardev=c,id=n',
        '-device',
        'virtio-net-pci,netdev=n,vectors=0',
      ];
      await scene.startOther(qemu, undefined, [...machine, '-nodefaults', '-display', 'none', ...network], 'QEMU');
    },
  };
}

function find(program: string, debianPackage: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, program)).find(isExecutable);
  if (found === undefined)
    throw new Error(
      `--real needs ${program} (apt-get install ${debianPackage}); without --real nothing but Node is needed`,
    );
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
