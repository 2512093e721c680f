import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Context } from 'mocha';
import { findProgram, needs, needsThat } from './needs.ts';
import { run } from './process.ts';

/** The files that QEMU boots: a stock Debian kernel and a root file system of one program. */
export interface Guest {
  readonly kernel: string;
  readonly initrd: string;
}

const META_PACKAGE = 'linux-image-cloud-amd64';

/** In the order in which they can be loaded; those that a kernel has built in are passed over. */
const MODULES = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci',
  'net/core/failover',
  'drivers/net/net_failover',
  'drivers/net/virtio_net',
];

/**
 * The kernel talks on the first serial line; the second one belongs to a shell that reads commands. `address=` on the
 * kernel's command line is the address of the first network card.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox --install -s /bin
export PATH=/bin HOME=/
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
while read -r module; do
  insmod "/modules/$module" || echo "cannot load $module"
done </modules/order
for word in $(cat /proc/cmdline); do
  case "$word" in address=*) address="\${word#address=}" ;; esac
done
ip link set lo up
if [ -e /sys/class/net/eth0 ]; then
  [ -z "$address" ] || ip address add "$address/24" dev eth0
  ip link set eth0 up
fi
# Open from before the greeting to the end: the first input would be lost to a line that nobody has open.
exec 3<>/dev/ttyS1
stty raw -echo <&3
echo "guest is ready" >&3
while true; do
  # By a pipe, or else the shell takes us for a person, prompts and echoes.
  while IFS= read -r line; do echo "$line"; done <&3 | sh >&3 2>&1
done
`;

/** Skips the suite when the guest cannot be built here; otherwise builds it, or takes the one built before. */
export async function needsGuest(context: Context): Promise<Guest> {
  needs(context, 'qemu-system-x86_64', 'qemu-system-x86');
  needs(context, 'busybox', 'busybox');
  needs(context, 'cpio', 'cpio');
  let trouble = '';
  const guest = await buildGuest().catch((error: unknown) => {
    trouble = error instanceof Error ? error.message : String(error);
    return undefined;
  });
  if (guest !== undefined) return guest;
  needsThat(context, false, `a guest kernel: ${trouble};`, META_PACKAGE);
  throw new Error('unreachable: needsThat has thrown');
}

/**
 * Builds kernel and initrd, once: they stay in `$VHOST_COMPAT_GUEST_DIR` or in vhost-compat-guest of the temporary
 * folder until this recipe changes. The kernel package is downloaded and unpacked, never installed. Rejects when
 * apt-get cannot download it.
 */
async function buildGuest(): Promise<Guest> {
  const folder = process.env['VHOST_COMPAT_GUEST_DIR'] ?? join(tmpdir(), 'vhost-compat-guest');
  const guest = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd.gz') };
  const recipe = createHash('sha256')
    .update(JSON.stringify([INIT, MODULES, 'libraries']))
    .digest('hex');
  const stamp = join(folder, 'recipe');
  const files = [guest.kernel, guest.initrd, stamp];
  if (files.every(existsSync) && readFileSync(stamp, 'utf8') === recipe) return guest;

  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    const built = join(work, 'built');
    mkdirSync(built);
    const unpacked = await kernelPackage(work);
    const kernel = readdirSync(join(unpacked, 'boot')).find((name) => name.startsWith('vmlinuz-'));
    if (kernel === undefined) throw new Error(`the kernel package has no vmlinuz in boot/`);
    copyFileSync(join(unpacked, 'boot', kernel), join(built, 'vmlinuz'));
    await writeInitrd(work, unpacked, join(built, 'initrd.gz'));
    writeFileSync(join(built, 'recipe'), recipe);
    rmSync(folder, { recursive: true, force: true });
    renameSync(built, folder);
    return guest;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function kernelPackage(work: string): Promise<string> {
  const depends = await run('apt-cache', ['depends', META_PACKAGE]);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error(`apt-cache knows no kernel behind ${META_PACKAGE} (apt-get update?)`);
  // As root, apt-get would like to download as another user, who may not write here.
  await run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', name], { cwd: work });
  const file = readdirSync(work).find((one) => one.endsWith('.deb'));
  if (file === undefined) throw new Error(`apt-get downloaded no package for ${name}`);
  const unpacked = join(work, 'kernel');
  await run('dpkg-deb', ['--extract', join(work, file), unpacked]);
  return unpacked;
}

async function writeInitrd(work: string, unpacked: string, file: string): Promise<void> {
  const root = join(work, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'modules'));
  const busybox = findProgram('busybox');
  if (busybox === undefined) throw new Error('Cannot find busybox');
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const library of await librariesOf(busybox)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  writeFileSync(join(root, 'init'), INIT);
  chmodSync(join(root, 'init'), 0o755);
  const order = await copyModules(unpacked, join(root, 'modules'));
  writeFileSync(join(root, 'modules/order'), order.map((name) => `${name}\n`).join(''));
  await run('sh', ['-ec', 'find . | cpio --quiet -o -H newc | gzip -1 >"$1"', 'sh', file], { cwd: root });
}

/** Debian has busybox in two packages, one of them linked dynamically; ldd refuses the other. */
async function librariesOf(program: string): Promise<string[]> {
  const text = await run('ldd', [program]).catch(() => '');
  return [...text.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gm)].flatMap((match) => match[1] ?? []);
}

/** Returns the names of the copied files. Later Debian releases compress modules, which busybox cannot load. */
async function copyModules(unpacked: string, target: string): Promise<string[]> {
  const releases = ['lib/modules', 'usr/lib/modules'].map((path) => join(unpacked, path)).filter(existsSync);
  const release = releases.flatMap((path) => readdirSync(path).map((name) => join(path, name)))[0];
  if (release === undefined) throw new Error('the kernel package has no modules');
  const copied: string[] = [];
  for (const module of MODULES) {
    const plain = join(release, 'kernel', `${module}.ko`);
    const name = basename(plain);
    if (existsSync(plain)) copyFileSync(plain, join(target, name));
    else if (existsSync(`${plain}.xz`)) {
      await run('sh', ['-ec', 'xz -dc "$1" >"$2"', 'sh', `${plain}.xz`, join(target, name)]);
    } else continue;
    copied.push(name);
  }
  return copied;
}
