/**
 * Which back-end releases fit what a line says. QEMU's words hide bits that depend on its own properties; those that
 * show the back-end are compared, the others do not count.
 */
import { maskOf } from '../bits/mask.ts';
import { NET_MTU } from '../bits/named-masks.ts';
import { QEMU_FROM_BACKEND } from '../bits/qemu-from-backend.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import { type BackendRelease, RELEASES } from '../releases/releases.ts';

const GUEST = ['GUEST_CSUM', 'GUEST_TSO4', 'GUEST_TSO6', 'GUEST_ECN', 'GUEST_UFO', 'GUEST_ANNOUNCE'] as const;
const HOST = ['CSUM', 'HOST_TSO4', 'HOST_TSO6', 'HOST_ECN', 'HOST_UFO'] as const;
const RING = ['MRG_RXBUF', 'INDIRECT_DESC', 'EVENT_IDX', 'VERSION_1'] as const;

/** Bits that QEMU's defaults show whenever the back-end offers them, and that every Linux guest takes. */
export const TELLING = maskOf(VIRTIO_NET, ...GUEST, ...HOST, ...RING);

/** QEMU shows MTU by itself. */
const FROM_BACKEND = QEMU_FROM_BACKEND & ~NET_MTU;

/** Releases of one project that follow each other in the tables, with the settings that answer so. */
export interface ReleaseSpan {
  readonly project: string;
  readonly from: string;
  readonly to: string;
  readonly settings: readonly string[];
}

/** Back-ends that give exactly what this side can offer. */
export function releasesOffering(allowed: bigint): BackendRelease[] {
  return RELEASES.filter(({ virtioFeatures }) => (virtioFeatures & TELLING) === (allowed & TELLING));
}

/** Back-ends on which a guest takes exactly these features: everything it has is offered, nothing telling is left. */
export function releasesUnder(guest: bigint): BackendRelease[] {
  return releasesOffering(guest).filter(({ virtioFeatures }) => (guest & FROM_BACKEND & ~virtioFeatures) === 0n);
}

/** Whether any release of the tables offers a bit. */
export function isOfferedAnywhere(bit: number): boolean {
  return RELEASES.some(({ virtioFeatures }) => (virtioFeatures & (1n << BigInt(bit))) !== 0n);
}

const PROJECTS: Readonly<Record<string, string>> = { 'ovs-dpdk': 'Open vSwitch', 'dpdk-vhost': 'DPDK vhost port' };

/** Single releases as spans: those of one setting that follow each other, and the settings of the same span together. */
export function spansOf(releases: readonly BackendRelease[]): ReleaseSpan[] {
  const wanted = new Set(releases);
  const spans: Draft[] = [];
  const open = new Map<string, Draft>();
  for (const row of RELEASES) {
    const key = `${row.project} ${row.setting}`;
    const before = open.get(key);
    if (!wanted.has(row)) {
      open.delete(key);
    } else if (before !== undefined) {
      before.to = row.last;
    } else {
      const project = PROJECTS[row.project] ?? row.project;
      const span = { project, from: row.release, to: row.last, settings: [row.setting || 'default'] };
      open.set(key, span);
      spans.push(span);
    }
  }
  return merged(spans);
}

/** `Open vSwitch 2.13 to 3.1.7 (default, +server)` */
export function spanText({ project, from, to, settings }: ReleaseSpan): string {
  // a row may hold for one release only: 2.13 to 2.13.0
  const releases = from === to || to === `${from}.0` ? to : `${from} to ${to}`;
  return `${project} ${releases} (${settings.join(', ')})`;
}

interface Draft extends ReleaseSpan {
  to: string;
  readonly settings: string[];
}

function merged(spans: readonly Draft[]): ReleaseSpan[] {
  const result: Draft[] = [];
  for (const span of spans) {
    const same = result.find(
      ({ project, from, to }) => project === span.project && from === span.from && to === span.to,
    );
    if (same === undefined) result.push(span);
    else same.settings.push(...span.settings);
  }
  return result;
}
