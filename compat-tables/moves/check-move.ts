/**
 * Can this interface, as it runs now, move to that host? A running guest is judged by what it took and how large its
 * rings are, never by the name of its version: QEMU refuses a guest exactly when it has a bit that the destination's
 * back-end decides about and does not offer.
 */

import { familyOf } from '../bits/device-types.ts';
import { featureNames } from '../bits/mask.ts';
import { visibleBits } from '../bits/qemu-from-backend.ts';
import { checkEntry } from '../compare/check-entry.ts';
import { unknownTypeWarnings } from '../compare/device-state.ts';
import { Effort } from '../compare/effort.ts';
import type { Abilities, Tier } from '../entries/entry.ts';
import { limitsThrough, memoryWarnings } from '../entries/memory-slots.ts';
import { type Outlook, outlookOf } from './after-the-move.ts';
import { arrivalWarnings } from './arrival.ts';
import { driverlessWarnings } from './driverless.ts';
import { type Candidate, candidate, candidatesOf, fits, type Question } from './fitting-versions.ts';
import { type Basis, type Need, needOf } from './guest-needs.ts';
import type { MoveHost, MoveSubject } from './move-host.ts';
import { type Obstacle, sourceObstacles, targetObstacles } from './obstacles.ts';
import { postcopyWarnings } from './postcopy.ts';
import { deviceWarnings, waitingWarnings, waitsIn, warningsOf } from './warnings.ts';

/** A version of the destination that would do. */
export interface Mode {
  readonly version: string;
  readonly digest: string;
  readonly tier: Tier;
  /** It is the version in force, with the same content. */
  readonly same: boolean;
  /** Features it offers beyond what the guest has: a new start of the driver may take them up. */
  readonly surplus: readonly string[];
}

/** The version that the interface would get there as it stands, or that of a front-end that waits for it there. */
export interface AsItStands {
  readonly version: string;
  readonly fits: boolean;
  readonly missing: readonly string[];
}

export interface TargetAnswer {
  readonly host: string;
  /** The basis for this target, where it differs from that of the whole answer. */
  readonly basis?: Basis;
  readonly possible: boolean;
  /** The mode to pin there; undefined when there is none, or when the host has no versions and its bare back-end does. */
  readonly pin: Mode | undefined;
  /** The interface that is prepared there has this pin already. */
  readonly pinned?: true;
  /** Others that would do, in the order of preference there. */
  readonly others: readonly Mode[];
  readonly asItStands: AsItStands | undefined;
  /** Empty when possible. */
  readonly obstacles: readonly Obstacle[];
  readonly warnings: readonly string[];
  /** Undefined when it cannot move there. */
  readonly after: Outlook | undefined;
}

export interface MoveAnswer {
  readonly interface: string;
  readonly host: string;
  readonly basis: Basis | undefined;
  readonly version: string | undefined;
  readonly need: Need | undefined;
  /** Features that the guest has and QEMU decides about alone: the device has to be given the same properties. */
  readonly decidedByDevice: readonly string[];
  /** To every target. */
  readonly possible: boolean;
  readonly targets: readonly TargetAnswer[];
}

export interface MoveOptions {
  /** Judge by this version there, and no other. */
  readonly only?: string | undefined;
  /** Whether it can move by post-copy. */
  readonly postcopy?: boolean | undefined;
  /** What the check may cost. */
  readonly effort?: Effort | undefined;
}

/** Steps that one version of a host is worth. */
const CANDIDATE = 20;

export function checkMove(
  subject: MoveSubject,
  home: MoveHost,
  targets: readonly MoveHost[],
  options: MoveOptions = {},
): MoveAnswer {
  // From each target every other one is looked at, before and after a new start of the guest's driver.
  const versions = [home, ...targets].reduce((sum, one) => sum + one.versions.length + 1, 0);
  (options.effort ?? new Effort()).spend(CANDIDATE * 2 * versions * targets.length);
  const known = needOf(subject, home);
  const need = known && { ...known, postcopy: options.postcopy };
  const hosts = targets.map((one) => fitted(one, subject));
  const back = behind(home, subject.abilities);
  const answers = hosts.map((to) =>
    need === undefined ? unknownNeed(subject, home, to) : answerFor({ subject, need, home, back, to, hosts, options }),
  );
  return {
    interface: subject.name,
    host: home.name,
    basis: need?.basis,
    version: need?.version,
    need,
    decidedByDevice: need === undefined ? [] : featureNames(familyOf(subject.deviceType), need.qemuAlone),
    possible: answers.every(({ possible }) => possible),
    targets: answers,
  };
}

/** A host that has an interface of the same name already is judged by the back-end of that one. */
function fitted(to: MoveHost, { name, deviceType }: MoveSubject): MoveHost {
  const prepared = to.interfaces.find((one) => one.name === name && one.deviceType === deviceType);
  return behind(to, prepared?.abilities);
}

/** The host as an interface has it whose own back-end can do so much; the host's figure is what all of them can do. */
function behind(host: MoveHost, abilities: Abilities | undefined): MoveHost {
  if (abilities === undefined) return host;
  const versions = host.versions.map(({ entry }) => {
    const blockers = checkEntry(entry, abilities);
    return { entry, usable: blockers.length === 0, blockers };
  });
  return { ...host, abilities, versions };
}

interface Asked {
  readonly subject: MoveSubject;
  readonly need: Need;
  readonly home: MoveHost;
  /** Home as this interface would find it when it comes back. */
  readonly back: MoveHost;
  readonly to: MoveHost;
  readonly hosts: readonly MoveHost[];
  readonly options: MoveOptions;
}

function answerFor({ subject, need, home, back, to, hosts, options }: Asked): TargetAnswer {
  const forwardOnly = isForwardOnly(subject, home, need);
  const question: Question = { need, from: home, to, forwardOnly, pin: subject.pin };
  const all = candidatesOf(question);
  const considered = options.only === undefined ? all : all.filter(({ entry }) => entry?.version === options.only);
  const fitting = considered.filter(fits);
  const chosen = fitting[0];
  const source = sourceObstacles(subject, home);
  const possible = chosen !== undefined && source.length === 0;
  const modes = fitting.flatMap((one) => modeOf(one, need, to.deviceType) ?? []);
  return {
    host: to.name,
    possible,
    pin: possible ? modes[0] : undefined,
    ...(possible && isPinned(to, subject.name, modes[0]) ? { pinned: true } : {}),
    others: possible ? modes.slice(1) : [],
    asItStands: asItStands(question, subject.name),
    obstacles: possible
      ? []
      : [
          ...source,
          ...(chosen
            ? []
            : targetObstacles(question, considered, { ...options, would: all.find(fits)?.entry?.version })),
        ],
    warnings: [
      ...warningsOf(question, chosen),
      ...driverlessWarnings(question, chosen),
      ...waitingWarnings(to, subject.name, modes),
      ...arrivalWarnings({ subject, home, to, mode: chosen }),
      ...(options.postcopy ? postcopyWarnings(subject, home, to) : []),
      ...unknownTypeWarnings(to.deviceType),
      ...(chosen ? memoryWarnings(need.limits, limitsThrough(chosen.entry, to.abilities), to.name) : []),
      ...(chosen ? deviceWarnings(to.deviceType, subject.offered, chosen.features, to.name) : []),
    ],
    after: possible ? outlookOf({ subject, need, home: back, where: to, hosts, mode: chosen }) : undefined,
  };
}

/** The tier is a promise of a version that somebody chose; a guest that was never pinned is judged by its bits alone. */
function isForwardOnly(subject: MoveSubject, home: MoveHost, { version }: Need): boolean {
  if ((subject.pin ?? home.defaultVersion) === undefined) return false;
  return home.versions.find(({ entry }) => entry.version === version)?.entry.tier === 'forward-only';
}

function modeOf({ entry, features, same }: Candidate, need: Need, deviceType: string): Mode | undefined {
  if (entry === undefined) return undefined;
  const { version, digest, tier } = entry;
  return { version, digest, tier, same, surplus: surplusOf(features, need, deviceType) };
}

function surplusOf(features: bigint, need: Need, deviceType: string): string[] {
  return featureNames(
    familyOf(deviceType),
    visibleBits(deviceType, features) & ~(need.features | (need.mayTake === undefined ? 0n : need.seen)),
  );
}

function isPinned(to: MoveHost, name: string, mode: Mode | undefined): boolean {
  return mode !== undefined && to.interfaces.some((one) => one.name === name && one.pin === mode.version);
}

function asItStands(question: Question, name: string): AsItStands | undefined {
  const { to } = question;
  const prepared = to.interfaces.find((one) => one.name === name);
  const next = waitsIn(to, name) ?? prepared?.pin ?? prepared?.nextStart ?? to.defaultVersion;
  const row = to.versions.find(({ entry, usable }) =>
    next === undefined ? usable && entry.withdrawn === undefined : entry.version === next,
  );
  if (row === undefined) return undefined;
  const one = candidate(question, row.entry);
  const missing = featureNames(familyOf(to.deviceType), one.missing);
  return { version: row.entry.version, fits: row.usable && fits(one), missing };
}

function unknownNeed(subject: MoveSubject, home: MoveHost, to: MoveHost): TargetAnswer {
  const name = subject.inForce ?? subject.nextStart;
  const text =
    name === undefined
      ? `it is not known yet in which version ${subject.name} will start on ${home.name}`
      : `${home.name} does not know ${name}, the version of ${subject.name}`;
  const obstacle: Obstacle = {
    code: name === undefined ? 'VC-BACKEND-UNKNOWN' : 'VC-VERSION-UNKNOWN',
    text,
    remedy: 'Pin a version, or let the agent measure the back-end of the interface first.',
    missing: [],
  };
  return {
    ...{ host: to.name, possible: false, pin: undefined, others: [], asItStands: undefined },
    ...{ obstacles: [obstacle], warnings: [], after: undefined },
  };
}
