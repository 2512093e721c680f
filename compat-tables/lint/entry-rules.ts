/** Warnings about the rest of an entry: limits, tier, name and where it comes from. */

import { DEFAULT_DEVICE_TYPE, familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { guestFeatures, LOG_ALL } from '../bits/named-masks.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { checkEntry } from '../compare/check-entry.ts';
import { stateStays } from '../compare/device-state.ts';
import { notMigratable } from '../compare/migratable.ts';
import type { Entry } from '../entries/entry.ts';
import { MEMORY_LIMIT } from '../entries/memory-slots.ts';
import type { ValidatedEntry } from '../entries/validate.ts';
import { abilitiesDecided, type BackendRelease } from '../releases/release.ts';
import { releasesOfType } from '../releases/releases.ts';
import type { Warning } from './bit-rules.ts';
import { PUBLISHED } from './published.ts';

type Candidate = ValidatedEntry['entry'];

const KNOWN_LIMITS: readonly string[] = ['queue_pairs', 'ring_size'];
/** QEMU's default size of a ring, which is also the least that can be set. */
const LEAST_RING = 256;

export function oddLimits({ limits: given, deviceType }: Candidate): Warning[] {
  const warnings: Warning[] = [];
  if (Object.hasOwn(given, MEMORY_LIMIT))
    warnings.push([
      'limits',
      `${MEMORY_LIMIT} is no promise of a version: it belongs to a connection, and check-move asks the back-end there for it; leave it out`,
    ]);
  for (const name of Object.keys(given).filter((one) => !KNOWN_LIMITS.includes(one) && one !== MEMORY_LIMIT))
    warnings.push([
      'limits',
      `limit "${name}" is not known here: it is compared with back-ends that state it, and caps nothing`,
    ]);
  if (deviceType === DEFAULT_DEVICE_TYPE)
    for (const name of KNOWN_LIMITS.filter((one) => !Object.hasOwn(given, one)))
      warnings.push([
        'limits',
        `${name} is not limited: each host gives what its back-end has, and a move may fail on it`,
      ]);
  const ring = given['ring_size'];
  if (ring !== undefined && (ring & (ring - 1)) !== 0)
    warnings.push(['limits', `ring_size ${ring} is no power of two, as split rings must be (virtio 1.2, section 2.7)`]);
  if (ring !== undefined && ring < LEAST_RING)
    warnings.push([
      'limits',
      `ring_size ${ring} is below ${LEAST_RING}: QEMU's network devices have at least so many, and their guests do not start`,
    ]);
  return warnings;
}

/** `upstream.` names are those of the shipped tables; whoever invents one finds it taken after an update. */
export function collectionName({ version, deviceType }: Candidate): Warning[] {
  if (!version.startsWith('upstream.') || Object.hasOwn(PUBLISHED, `${deviceType} ${version}`)) return [];
  return [
    ['name', 'names that begin with "upstream." belong to the shipped tables; take one of your own, such as "site."'],
  ];
}

export function provenance({ sources, covers }: Candidate): Warning[] {
  const absent = [...(sources.length === 0 ? ['sources'] : []), ...(covers.length === 0 ? ['covers'] : [])];
  if (absent.length === 0) return [];
  return [['provenance', `no ${absent.join(' and no ')}: nobody can tell later where the figures come from`]];
}

/** A tier that promises a migration which QEMU refuses. Control bits are not the entry's to say, protocol features are. */
export function brokenTier(entry: Candidate): Warning[] {
  const { tier: given, deviceType, protocolFeatures = ~0n, virtioFeatures } = entry;
  if (given === 'best-effort') return [];
  const abilities = { virtioFeatures: virtioFeatures | LOG_ALL, protocolFeatures };
  const reasons = [
    ...notMigratable(abilities, 'the version'),
    ...stateStays(deviceType, protocolFeatures, 'the version does not offer'),
  ];
  return reasons.map(
    (reason): Warning => ['tier', `the tier is ${given}, but QEMU does not migrate such a guest: ${reason}`],
  );
}

/** A promise that no back-end we know can keep. Of device types without a known release we cannot say. */
export function honouredByNobody(candidate: Candidate): Warning[] {
  const entry: Entry = { ...candidate, digest: '' };
  const releases = releasesOfType(candidate.deviceType).map((release) => ({
    release,
    blockers: checkEntry(entry, abilitiesDecided(release)),
  }));
  if (releases.some(({ blockers }) => blockers.length === 0)) return [];
  const nearest = releases.toSorted((a, b) => lackOf(entry, a.release) - lackOf(entry, b.release))[0];
  if (nearest === undefined) return [];
  const why = nearest.blockers.map(({ text }) => text).join('; ');
  return [['no-release', `no release that we know can honour it; nearest is ${nearest.release.name}: ${why}`]];
}

/** How many bits and limits the release lacks. */
function lackOf(entry: Entry, release: BackendRelease): number {
  const bits = guestFeatures(entry.virtioFeatures) & ~release.virtioFeatures;
  const protocol = entry.requiredProtocolFeatures & ~release.protocolFeatures;
  const short = Number((entry.limits['queue_pairs'] ?? 0) > release.queuePairs);
  return featureNames(familyOf(entry.deviceType), bits).length + featureNames(PROTOCOL, protocol).length + short;
}
