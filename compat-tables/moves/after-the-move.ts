/** After the move: where the interface can go next, and what a new start of its driver would change. */

import { familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { LOG_ALL } from '../bits/named-masks.ts';
import { visibleBits } from '../bits/qemu-from-backend.ts';
import { notMigratable } from '../compare/migratable.ts';
import type { Abilities } from '../entries/entry.ts';
import { offeredProtocolFeatures } from '../entries/entry.ts';
import { missingThere } from './backend-lacks.ts';
import { type Candidate, candidatesOf, fits } from './fitting-versions.ts';
import type { Need } from './guest-needs.ts';
import type { MoveHost, MoveSubject } from './move-host.ts';

export interface Lost {
  readonly host: string;
  /** Features that stand in the way; empty when another reason does. */
  readonly missing: readonly string[];
}

export interface Outlook {
  /** Where it can go from there, with the features that it has. */
  readonly reachable: readonly string[];
  readonly lost: readonly Lost[];
  /** When the guest re-binds its driver or reboots there. */
  readonly rebind: {
    /** Features that it has not been shown where it is now, and may take up there. */
    readonly gains: readonly string[];
    /** Hosts that it could reach before, and then no more. */
    readonly lost: readonly Lost[];
  };
}

export interface Landing {
  readonly subject: MoveSubject;
  readonly need: Need;
  /** Where it comes from, as it would find it again. */
  readonly home: MoveHost;
  /** The host it has come to, and the mode there. */
  readonly where: MoveHost;
  readonly mode: Candidate;
  readonly hosts: readonly MoveHost[];
}

export function outlookOf(landing: Landing): Outlook {
  const { subject, need, home, where, hosts, mode } = landing;
  const others = [home, ...hosts].filter(({ name }) => name !== where.name);
  const gained = visibleBits(subject.deviceType, mode.features) & ~need.seen;
  // a driver that has not chosen yet may take all of it, what it has seen before included
  const bound = need.mayTake === undefined ? gained : visibleBits(subject.deviceType, mode.features);
  const then = { ...need, features: need.features | bound };
  const next = others.map((to) => ({ to, ...reach(landing, need, to), rebound: reach(landing, then, to) }));
  return {
    reachable: next.filter(({ possible }) => possible).map(({ to }) => to.name),
    lost: next.filter(({ possible }) => !possible).map(({ to, missing }) => ({ host: to.name, missing })),
    rebind: {
      gains: featureNames(familyOf(subject.deviceType), gained),
      lost: next
        .filter(({ possible, rebound }) => possible && !rebound.possible)
        .map(({ to, rebound }) => ({ host: to.name, missing: rebound.missing })),
    },
  };
}

/** A back-end of which nothing is known: what it may lack is held against nobody. */
const UNKNOWN: Abilities = { virtioFeatures: LOG_ALL, protocolFeatures: ~0n, limits: {} };

/** Why QEMU would not migrate a guest away again that runs on the host in this mode: a mode may cut what logging needs. */
export function cannotLeave({ abilities = UNKNOWN }: MoveHost, { entry }: Candidate): string[] {
  const bare = notMigratable(abilities);
  if (bare.length > 0 || entry === undefined) return bare;
  const protocolFeatures = offeredProtocolFeatures(entry, abilities.protocolFeatures);
  return notMigratable({ ...abilities, protocolFeatures }, entry.version);
}

function reach({ where, mode }: Landing, need: Need, to: MoveHost): { possible: boolean; missing: string[] } {
  // a pin there is a choice, so its tier counts from then on
  const forwardOnly = mode.entry?.tier === 'forward-only';
  const stuck = cannotLeave(where, mode).length > 0;
  const here = { ...need, version: mode.entry?.version };
  const question = { need: here, from: where, to, forwardOnly };
  const candidates = candidatesOf(question);
  const possible = !stuck && candidates.some(fits);
  const missing = possible ? 0n : missingThere(question, candidates);
  return { possible, missing: featureNames(familyOf(to.deviceType), missing) };
}
