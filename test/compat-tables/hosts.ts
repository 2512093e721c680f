import assert from 'node:assert/strict';
import { maskOf } from '../../compat-tables/bits/mask.ts';
import { CONTROL_BITS, guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import { checkMove, type TargetAnswer } from '../../compat-tables/moves/check-move.ts';
import type { MoveHost, MoveSubject } from '../../compat-tables/moves/move-host.ts';
import { abilitiesOf } from '../../compat-tables/releases/release.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { shippedEntries } from './shipped.ts';

export const NET = 'vhost-user-net';
/** What QEMU takes of the protocol features of every DPDK back-end. */
const PROTOCOL_ACKED = maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'RARP', 'REPLY_ACK', 'NET_MTU');

const SHIPPED = shippedEntries();

/** A host with these abilities and these versions. */
export function hostOf(
  name: string,
  abilities: Abilities | undefined,
  more: Partial<MoveHost> & { readonly entries?: readonly Entry[] } = {},
): MoveHost {
  const { entries = SHIPPED, ...rest } = more;
  return {
    ...{ name, deviceType: NET, abilities, backend: undefined, defaultVersion: undefined, interfaces: [] },
    versions: entries.map((entry) => {
      const blockers = checkEntry(entry, abilities);
      return { entry, usable: blockers.length === 0, blockers };
    }),
    ...rest,
  };
}

/** A host whose back-end is like a known release, with the shipped tables. */
export function hostLike(release: string, more: Parameters<typeof hostOf>[2] = {}): MoveHost {
  return hostOf(release, abilitiesOf(findRelease(release)), more);
}

/** A running interface of a host, in one of its versions; its guest took `acked` of what it was offered. */
export function running(
  home: MoveHost,
  version: string,
  acked: (offered: bigint) => bigint,
  more: Partial<MoveSubject> = {},
): MoveSubject {
  const entry = home.versions.find((one) => one.entry.version === version)?.entry;
  if (entry === undefined) throw new Error(`${home.name} has no ${version}`);
  const offered = guestFeatures(entry.virtioFeatures) | CONTROL_BITS;
  return {
    ...{ name: 'vhu0', deviceType: NET, pin: version, inForce: version, nextStart: version, offered },
    ...{ acked: acked(offered), ackedProtocol: PROTOCOL_ACKED, queuePairs: 1, ringSizes: [256, 256] },
    abilities: home.abilities,
    ...more,
  };
}

/** The best version of a host. */
export function best(home: MoveHost): string {
  const found = home.versions.find(({ usable }) => usable)?.entry.version;
  if (found === undefined) throw new Error(`${home.name} has no usable version`);
  return found;
}

export const V = (name: string) => `upstream.ovs-dpdk.${name}`;
/** What Linux takes of an offer with QEMU's default properties. */
const HIDDEN = maskOf(
  VIRTIO_NET,
  'RING_PACKED',
  'IN_ORDER',
  'ACCESS_PLATFORM',
  'MQ',
  'GSO',
  'MTU',
  'NOTIFY_ON_EMPTY',
  'CTRL_VQ',
  'CTRL_RX',
);
export const linux = (offered: bigint) => offered & ~HIDDEN;
export const everything = (offered: bigint) => offered;

export function ask(subject: MoveSubject, home: MoveHost, to: MoveHost, only?: string): TargetAnswer {
  const [answer] = checkMove(subject, home, [to], { only }).targets;
  assert.ok(answer);
  return answer;
}
