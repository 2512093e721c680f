import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { needs } from './needs.ts';
import { unpackedPackage } from './other-debian.ts';
import { eventually, type Peer, type Peers } from './process.ts';

/** A real back-end beside Open vSwitch and DPDK. */
export interface OtherBackend {
  /** What starts it, after it was found; skips the suite when it is not there. */
  prepare(context: Context, peers: Peers): Promise<(socket: string) => Promise<Peer>>;
}

/** Starts a program and waits until it listens. */
async function listening(peers: Peers, socket: string, program: string, args: readonly string[]): Promise<Peer> {
  const peer = peers.start(program, args, { name: program });
  await eventually(`${program} listens`, () => {
    if (!peer.running) throw new Error(`${program} ${peer.ending}: ${peer.tail()}`);
    return existsSync(socket);
  });
  return peer;
}

const DISK_BYTES = 16 * 1024 * 1024;

/** An export of qemu-storage-daemon; `options`: of the export, such as `writable=on`. */
export function storageDaemon(...options: readonly string[]): OtherBackend {
  return {
    async prepare(context, peers) {
      const program = needs(context, 'qemu-storage-daemon', 'qemu-system-common');
      const disk = join(peers.folder(), 'disk');
      writeFileSync(disk, '');
      truncateSync(disk, DISK_BYTES);
      return await Promise.resolve((socket) => {
        const where = ['addr.type=unix', `addr.path=${socket}`, ...options].join(',');
        return listening(peers, socket, program, [
          ...['--blockdev', `driver=file,node-name=disk,filename=${disk}`],
          ...['--export', `type=vhost-user-blk,id=export,node-name=disk,${where}`],
        ]);
      });
    },
  };
}

/** The virtiofsd in C that came with QEMU until 7.2. */
export const QEMU_VIRTIOFSD: OtherBackend = {
  async prepare(context, peers) {
    const program = needs(context, '/usr/lib/qemu/virtiofsd', 'qemu-system-common');
    const share = peers.folder();
    return await Promise.resolve((socket) =>
      listening(peers, socket, program, [`--socket-path=${socket}`, '-o', `source=${share}`, '-o', 'sandbox=chroot']),
    );
  },
};

/** A program of Debian 13, which runs with the libraries of its own release. */
function ofDebian13(
  name: string,
  program: string,
  libraries: readonly string[],
  args: (socket: string, share: string) => string[],
): OtherBackend {
  return {
    async prepare(context, peers) {
      const version = VERSIONS[name] ?? '';
      const folder = await unpackedPackage(context, peers, name, version);
      const paths: string[] = [];
      for (const one of ['libc6', ...libraries]) {
        const unpacked = await unpackedPackage(context, peers, one, VERSIONS[one] ?? '');
        paths.push(join(unpacked, 'usr/lib/x86_64-linux-gnu'));
      }
      const share = peers.folder();
      const loader = join(paths[0] ?? '', 'ld-linux-x86-64.so.2');
      return (socket) =>
        listening(peers, socket, loader, [
          '--library-path',
          paths.join(':'),
          join(folder, program),
          ...args(socket, share),
        ]);
    },
  };
}

/** How the versions begin. */
const VERSIONS: Readonly<Record<string, string>> = {
  ...{ passt: '0.0~git20250503', virtiofsd: '1.13.2', libc6: '2.41' },
  ...{ 'libgcc-s1': '14.', 'libcap-ng0': '0.8.5', libseccomp2: '2.6.0' },
};

export const VIRTIOFSD = ofDebian13(
  'virtiofsd',
  'usr/libexec/virtiofsd',
  ['libgcc-s1', 'libcap-ng0', 'libseccomp2'],
  (socket, share) => ['--socket-path', socket, '--shared-dir', share, '--sandbox', 'none', '--seccomp', 'none'],
);

export const PASST = ofDebian13('passt', 'usr/bin/passt', [], (socket) => ['-f', '--vhost-user', '-s', socket]);
/** As libvirt starts it. */
export const PASST_ONE_OFF = ofDebian13('passt', 'usr/bin/passt', [], (socket) => [
  ...['-f', '--one-off', '--vhost-user', '-s', socket],
]);
