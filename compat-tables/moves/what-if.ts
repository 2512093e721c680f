/** The gains and losses of a host with another back-end, before anybody installs it. */

import { familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { visibleBits } from '../bits/qemu-from-backend.ts';
import { limitName } from '../bits/queue-counts.ts';
import { checkEntry } from '../compare/check-entry.ts';
import { stateStays } from '../compare/device-state.ts';
import { type Difference, diff } from '../compare/diff.ts';
import { notMigratable } from '../compare/migratable.ts';
import type { Abilities, Blocker } from '../entries/entry.ts';
import { limitsThrough } from '../entries/memory-slots.ts';
import { withdrawalNotes } from '../entries/withdrawal.ts';
import { CompatError } from '../errors/compat-error.ts';
import { abilitiesDecided, type BackendRelease } from '../releases/release.ts';
import type { MoveHost, MoveSubject } from './move-host.ts';
import { shortages, sizesOf } from './ring-and-queue-sizes.ts';

export interface LostVersion {
  readonly version: string;
  readonly blockers: readonly Blocker[];
}

/** An interface that could not go on: what it uses, or is to use, would not be there. */
export interface Affected {
  readonly interface: string;
  /** `running`: its front-end would not come back after the change. `pinned`: its next start would be refused. */
  readonly why: 'running' | 'pinned';
  readonly version: string | undefined;
  readonly missing: readonly string[];
  readonly text: string;
}

export interface Upgrade {
  readonly host: string;
  readonly release: string;
  readonly gained: readonly string[];
  readonly lost: readonly LostVersion[];
  /** The first usable version, before and after. */
  readonly best: { readonly before: string | undefined; readonly after: string | undefined };
  readonly defaultLost: boolean;
  readonly affected: readonly Affected[];
  /** Against what is known of the back-end now; undefined when nothing is. */
  readonly difference: Difference | undefined;
  readonly warnings: readonly string[];
}

/**
 * Throws VC-VERSION-DEVICE-TYPE for a release of another device type, and VC-BACKEND-UNKNOWN for a host of which nothing is
 * known that a release could change.
 */
export function whatIf(host: MoveHost, release: BackendRelease): Upgrade {
  if (release.deviceType !== host.deviceType) {
    const text = `Cannot compare ${host.name} with ${release.name}: it is a back-end of ${release.deviceType}; wanted one of ${host.deviceType}`;
    throw new CompatError('VC-VERSION-DEVICE-TYPE', text, { host: host.name, release: release.name });
  }
  if (host.versions.length === 0 && host.abilities === undefined) {
    const text = `Cannot judge ${host.name}: its document has no versions of ${host.deviceType} and tells nothing of a back-end; wanted that of a host (describe without --device-type)`;
    throw new CompatError('VC-BACKEND-UNKNOWN', text, { host: host.name });
  }
  const next = abilitiesDecided(release);
  const after = host.versions.map(({ entry, usable }) => ({ entry, usable, blockers: checkEntry(entry, next) }));
  const lost = after.filter(({ usable, blockers }) => usable && blockers.length > 0);
  return {
    ...{ host: host.name, release: release.name },
    gained: after.filter(({ usable, blockers }) => !usable && blockers.length === 0).map(({ entry }) => entry.version),
    lost: lost.map(({ entry, blockers }) => ({ version: entry.version, blockers })),
    best: {
      before: host.versions.find(({ usable, entry }) => usable && entry.withdrawn === undefined)?.entry.version,
      after: after.find(({ blockers, entry }) => blockers.length === 0 && entry.withdrawn === undefined)?.entry.version,
    },
    defaultLost: lost.some(({ entry }) => entry.version === host.defaultVersion),
    affected: host.interfaces.flatMap((one) => affected(host, one, next)),
    difference:
      host.abilities === undefined
        ? undefined
        : diff(host.deviceType, sideOf('now', host.abilities, next), sideOf(release.name, next, host.abilities)),
    warnings: [
      ...withdrawalNotes(release.name, release.withdrawn),
      ...notMigratable(next).map((reason) => `no guest could be migrated from there: ${reason} [VC-MIGRATE-LOG]`),
      ...stateStays(host.deviceType, next.protocolFeatures).map(
        (reason) => `no guest could be migrated from there: ${reason} [VC-MIGRATE-STATE]`,
      ),
    ],
  };
}

/** Only limits that both state can be compared. */
function sideOf(name: string, { virtioFeatures, protocolFeatures, limits }: Abilities, other: Abilities) {
  const known = Object.entries(limits).filter(([limit]) => Object.hasOwn(other.limits, limit));
  return { name, features: virtioFeatures, protocolFeatures, limits: Object.fromEntries(known) };
}

function affected(host: MoveHost, subject: MoveSubject, next: Abilities): Affected[] {
  const entryNamed = (name: string | undefined) => host.versions.find(({ entry }) => entry.version === name)?.entry;
  const names = (mask: bigint) => featureNames(familyOf(host.deviceType), mask);
  const inForce = entryNamed(subject.inForce);
  const found: Affected[] = [];
  if (subject.acked !== undefined || subject.inForce !== undefined) {
    // the mode in force is a promise for the life of the front-end process, so all of it has to be there again
    const promised = inForce?.virtioFeatures;
    const taken = subject.acked ?? (promised === undefined ? subject.offered : undefined) ?? 0n;
    const wanted = guestFeatures(promised ?? 0n) | visibleBits(host.deviceType, taken);
    const missing = names(wanted & ~next.virtioFeatures);
    const blockers = inForce === undefined ? [] : checkEntry(inForce, next);
    const sizes = blockers.some(({ code }) => code === 'VC-MODE-LIMIT') ? [] : beyond(subject, next);
    if (missing.length > 0 || blockers.length > 0 || sizes.length > 0)
      found.push({
        ...{ interface: subject.name, why: 'running', version: subject.inForce, missing },
        text: runningText(missing, blockers, sizes),
      });
  }
  const pinned = entryNamed(subject.pin);
  const blockers = pinned === undefined ? [] : checkEntry(pinned, next);
  if (pinned !== undefined && blockers.length > 0)
    found.push({
      ...{ interface: subject.name, why: 'pinned', version: pinned.version },
      missing: blockers.flatMap((one) => one.missing),
      text: `its pin could not be honoured: ${blockers.map(({ text }) => text).join('; ')}`,
    });
  return found;
}

/** Limits of the release that the device exceeds: a version need not promise them, and QEMU never takes less. */
function beyond(subject: MoveSubject, next: Abilities): string[] {
  return shortages(sizesOf(subject), limitsThrough(undefined, next)).map(({ name, needed, given }) => {
    return `it has ${limitName(subject.deviceType, name)} ${needed}, and the back-end would give ${given}`;
  });
}

/** Bits and limits in a sentence each: the bits of the mode are among those that the guest runs with. */
function runningText(missing: readonly string[], blockers: readonly Blocker[], sizes: readonly string[]): string {
  const others = blockers.filter(({ code }) => code !== 'VC-MODE-FEATURES').map(({ text }) => text);
  const sentences = [
    ...(missing.length > 0 ? [`its guest runs with ${missing.join(', ')}, which would be missing`] : []),
    ...(others.length > 0 ? [`its version could not be honoured: ${others.join('; ')}`] : []),
    ...(sizes.length > 0 ? [sizes.join('; ')] : []),
    'stop it or move it away first',
  ];
  return sentences
    .map((text, index) => (index === 0 ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`))
    .join('. ');
}
