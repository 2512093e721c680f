/** Every version of a host against the need of one interface: which of them would do, and what the others lack. */

import { bitsOf } from '../bits/mask.ts';
import { notReached } from '../compare/forward-only.ts';
import type { SelectableHost } from '../compare/selection-input.ts';
import type { Entry } from '../entries/entry.ts';
import { offeredProtocolFeatures } from '../entries/entry.ts';
import { limitsThrough } from '../entries/memory-slots.ts';
import type { Need } from './guest-needs.ts';
import { coversMayTake } from './may-take.ts';
import { type MoveHost, versionNamed } from './move-host.ts';
import { lackingProtocol } from './protocol-needs.ts';
import { type Shortage, shortages } from './ring-and-queue-sizes.ts';

/** One version of the destination, or its back-end as it is when no agent stands before it. */
export interface Candidate {
  /** Undefined: the bare back-end of a host that has no versions. */
  readonly entry: Entry | undefined;
  readonly features: bigint;
  /** The same version with the same content as where the guest is now. */
  readonly same: boolean;
  /** The source knows the name with another content: never to be selected. */
  readonly differs: boolean;
  /** The way there goes back from a version that moves forward only. */
  readonly backward: boolean;
  readonly missing: bigint;
  readonly shortages: readonly Shortage[];
  /** Protocol features that the connection there needs and lacks, by name. */
  readonly protocol: readonly string[];
}

export interface Question {
  readonly need: Need;
  readonly from: MoveHost;
  readonly to: MoveHost;
  /** The version in force moves to newer hosts only. */
  readonly forwardOnly: boolean;
  /** The pin of the interface where it is now. */
  readonly pin?: string | undefined;
}

export function fits({ missing, shortages, protocol, differs, backward }: Candidate): boolean {
  return missing === 0n && shortages.length === 0 && protocol.length === 0 && !differs && !backward;
}

/**
 * All usable versions of the destination, the one in force first, then in the order of preference there, withdrawn ones last;
 * those that cover what a driver may still take before the others.
 */
export function candidatesOf(question: Question): Candidate[] {
  const { to, need } = question;
  if (to.versions.length === 0) return to.abilities === undefined ? [] : [candidate(question, undefined)];
  const usable = to.versions.filter(({ usable }) => usable).map(({ entry }) => candidate(question, entry));
  const current = usable.filter(({ entry }) => entry?.version === need.version);
  const others = usable.filter((one) => !current.includes(one)).toSorted((a, b) => unwanted(a) - unwanted(b));
  const covers = (one: Candidate) => Number(!coversMayTake(one.features, one.entry?.limits, need.mayTake));
  return [...current, ...others].toSorted((a, b) => covers(a) - covers(b));
}

export function candidate(question: Question, entry: Entry | undefined): Candidate {
  const { need, from, to, forwardOnly } = question;
  const features = entry?.virtioFeatures ?? to.abilities?.virtioFeatures ?? 0n;
  const known = versionNamed(from, entry?.version)?.entry;
  const current = entry !== undefined && entry.version === need.version;
  return {
    entry,
    features,
    same: current && known?.digest === entry.digest,
    differs: entry !== undefined && known !== undefined && known.digest !== entry.digest,
    backward: forwardOnly && goesBack(question, entry),
    missing: need.features & ~features,
    shortages: shortages(need.limits, entry?.limits, limitsThrough(entry, to.abilities)),
    protocol: protocolLacks(question, entry),
  };
}

/** A version that is withdrawn is no choice unless there is no other: a guest that runs in it stays in it. */
function unwanted({ entry }: Candidate): number {
  return Number(entry?.withdrawn !== undefined);
}

/** The candidate that comes closest: the one to talk about when none fits. */
export function closest(candidates: readonly Candidate[]): Candidate | undefined {
  const distance = (one: Candidate) =>
    [one.differs, one.backward].filter(Boolean).length +
    bitsOf(one.missing).length +
    one.shortages.length +
    one.protocol.length;
  return candidates.toSorted((a, b) => distance(a) - distance(b))[0];
}

function goesBack(question: Question, entry: Entry | undefined): boolean {
  const { older, ranks } = directionOf(question);
  if (older) return true;
  const rank = (version: string | undefined) => (version === undefined ? -1 : (ranks.get(version) ?? -1));
  const [current, wanted] = [rank(question.need.version), rank(entry?.version)];
  return current >= 0 && wanted > current;
}

interface Direction {
  /** The destination is not known to be as new as the source. */
  readonly older: boolean;
  /** The places of its versions. */
  readonly ranks: ReadonlyMap<string, number>;
}

const DIRECTIONS = new WeakMap<Question, Direction>();

/** The same for all versions of a destination. */
function directionOf(question: Question): Direction {
  let direction = DIRECTIONS.get(question);
  if (direction === undefined) {
    const { from, to } = question;
    direction = {
      older: notReached([selectable(from), selectable(to)], 'source').has(1),
      ranks: new Map(to.versions.map((one, rank) => [one.entry.version, rank] as const).toReversed()),
    };
    DIRECTIONS.set(question, direction);
  }
  return direction;
}

/** The hosts as the selection sees them: both answer the same about directions. */
export function selectable({ name, deviceType, versions }: MoveHost): SelectableHost {
  return {
    host: name,
    deviceType,
    versions: versions.map(({ entry, usable, blockers }) => {
      const { version, digest, tier, withdrawn } = entry;
      return { version, digest, tier, usable, blockers, withdrawn };
    }),
  };
}

function protocolLacks({ need, to }: Question, entry: Entry | undefined): string[] {
  const { abilities, deviceType } = to;
  const backend = abilities?.protocolFeatures ?? ~0n;
  return lackingProtocol(need, deviceType, abilities, {
    offer: entry?.virtioFeatures ?? abilities?.virtioFeatures ?? 0n,
    protocol: entry ? offeredProtocolFeatures(entry, backend) : backend,
  });
}
