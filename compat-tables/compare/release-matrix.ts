/** For each pair of known releases: what breaks a move from one to the other. */

import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import type { BackendRelease } from '../releases/release.ts';
import { spansOf, spanText } from '../releases/resembles.ts';
import { type Compared, type Survival, survival } from './diff.ts';
import { notMigratable } from './migratable.ts';

/** Releases that a guest cannot tell apart. */
export interface ReleaseGroup {
  /** The first of them: `ovs-2.13`. */
  readonly name: string;
  readonly releases: readonly string[];
  /** `Open vSwitch 2.13 to 3.1.7 (default)` */
  readonly covers: readonly string[];
  readonly features: bigint;
  readonly queuePairs: number;
  /** False: QEMU migrates no guest from these, wherever to. */
  readonly migratable: boolean;
}

export interface ReleaseMove {
  readonly from: string;
  readonly to: string;
  /** By the order of the releases: later ones are forward. Between projects there is none. */
  readonly direction: 'forward' | 'backward' | 'across';
  readonly survival: Survival;
}

export interface ReleaseMatrix {
  readonly groups: readonly ReleaseGroup[];
  readonly moves: readonly ReleaseMove[];
}

/** The releases have to be of one device type. */
export function releaseMatrix(releases: readonly BackendRelease[]): ReleaseMatrix {
  const groups = grouped(releases);
  const { deviceType } = releases[0] ?? { deviceType: DEFAULT_DEVICE_TYPE };
  const moves = groups.flatMap((from, row) =>
    groups.flatMap((to, column) => {
      if (row === column) return [];
      const direction = projectOf(from) === projectOf(to) ? (row < column ? 'forward' : 'backward') : 'across';
      const survives = survival(deviceType, sideOf(from), sideOf(to));
      return [{ from: from.name, to: to.name, direction, survival: survives } as const];
    }),
  );
  return { groups, moves };
}

function grouped(releases: readonly BackendRelease[]): ReleaseGroup[] {
  const groups = new Map<string, BackendRelease[]>();
  for (const one of releases) {
    // above 128 queue pairs nobody is known to be; the old figures would only split groups
    const key = [
      one.project,
      guestFeatures(one.virtioFeatures),
      Math.min(one.queuePairs, 128),
      notMigratable(one).length === 0,
    ].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    return {
      name: first.name,
      releases: members.map(({ name }) => name),
      covers: spansOf(members).map(spanText),
      features: guestFeatures(first.virtioFeatures),
      queuePairs: Math.min(first.queuePairs, 128),
      migratable: notMigratable(first).length === 0,
    };
  });
}

function sideOf({ name, features, queuePairs }: ReleaseGroup): Compared {
  return { name, features, protocolFeatures: undefined, limits: { queue_pairs: queuePairs } };
}

function projectOf({ name }: ReleaseGroup): string {
  return name.slice(0, name.indexOf('-'));
}
