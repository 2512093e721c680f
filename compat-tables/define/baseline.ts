/** The largest promise that all hosts can keep, for hosts that have no named version in common. */

import { familyOf } from '../bits/device-types.ts';
import type { FeatureFamily } from '../bits/feature-bits.ts';
import { decodeMask, formatMask, MAX_MASK_BITS } from '../bits/mask.ts';
import { CONTROL_BITS, guestFeatures, VERSION_1 } from '../bits/named-masks.ts';
import { commonAbilities } from '../compare/common-abilities.ts';
import { stateNotes } from '../compare/device-state.ts';
import { type Difference, diff } from '../compare/diff.ts';
import { migrationNotes } from '../compare/migratable.ts';
import type { Entry, Limits } from '../entries/entry.ts';
import { withoutMemory } from '../entries/memory-slots.ts';
import { withdrawalNotes } from '../entries/withdrawal.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { MoveHost } from '../moves/move-host.ts';
import { makeEntry, promiseOf } from './make-entry.ts';

/** The cost for one host, against the best version that it can honour, or the abilities of its back-end. */
export interface HostCost {
  readonly host: string;
  readonly against: string;
  readonly difference: Difference;
}

export interface Baseline {
  readonly entry: Entry;
  readonly costs: readonly HostCost[];
  /** A version that all hosts have already and that promises the same. */
  readonly sameAs: string | undefined;
  /** Warnings to read before using it. */
  readonly notes: readonly string[];
}

export interface BaselineRequest {
  readonly hosts: readonly MoveHost[];
  /** Undefined: a name is made of the content. */
  readonly version?: string | undefined;
}

/** Throws VC-BACKEND-UNKNOWN when a host's back-end is not known. */
export function baseline({ hosts, version }: BaselineRequest): Baseline {
  const unknown = hosts.filter(({ abilities }) => abilities === undefined).map(({ name }) => name);
  if (unknown.length > 0) {
    const text = `Cannot compute a baseline: nothing is known of the back-end of ${unknown.join(', ')}`;
    throw new CompatError('VC-BACKEND-UNKNOWN', text, { hosts: unknown });
  }
  const deviceType = hosts[0]?.deviceType ?? '';
  const common = commonAbilities(hosts.flatMap((one) => one.abilities ?? []));
  const unstated = unstatedLimits(hosts, common.limits);
  // what only some of them state, nobody can promise for all
  const stated = Object.entries(common.limits).filter(([name]) => !unstated.has(name));
  const abilities = { ...common, limits: Object.fromEntries(stated) };
  const { features } = promiseOf(abilities.virtioFeatures, abilities.protocolFeatures);
  const entry = makeEntry({
    ...{ version: version ?? baselineName(features, withoutMemory(abilities.limits)), deviceType, abilities },
    summary: `All that the back-ends of ${hosts.length} hosts have in common`,
    covers: hosts.map(({ name, backend }) => (backend === undefined ? name : `${name}: ${backend}`)),
    sources: sourcesOf(hosts),
  });
  return {
    entry,
    costs: hosts.map((host) => costOf(host, entry)),
    sameAs: hosts[0]?.versions.find(
      ({ entry: one }) => !one.withdrawn && isCommon(one, hosts) && samePromise(one, entry),
    )?.entry.version,
    notes: [
      ...notesOf(entry),
      ...sameAsWithdrawn(entry, hosts),
      ...limitNotes(unstated),
      ...migrationNotes(hosts),
      ...stateNotes(deviceType, hosts),
    ],
  };
}

/** The limits that some hosts do not state, with those hosts. */
function unstatedLimits(hosts: readonly MoveHost[], limits: Limits): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const limit of Object.keys(limits)) {
    const silent = hosts.filter(({ abilities }) => abilities !== undefined && !Object.hasOwn(abilities.limits, limit));
    const names = silent.map(({ name }) => name);
    if (names.length > 0) found.set(limit, names);
  }
  return found;
}

function limitNotes(unstated: ReadonlyMap<string, readonly string[]>): string[] {
  return [...unstated].map(([limit, hosts]) => `it has no limit ${limit}: that of ${hosts.join(', ')} is not known`);
}

/** A reader of the table file sees here which figures nobody measured. */
function sourcesOf(hosts: readonly MoveHost[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, knownBy = 'not said how known' } of hosts)
    names.set(knownBy, [...(names.get(knownBy) ?? []), name]);
  return [...names].map(([how, all]) => `${how}: ${all.join(', ')}`);
}

/** Equal content gives equal names, on whichever host and whenever it is computed. */
function baselineName(features: bigint, limits: Limits): string {
  const parts = Object.entries(limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}.${value}`);
  return ['site.baseline', formatMask(guestFeatures(features)), ...parts].join('-').slice(0, 127);
}

function costOf(host: MoveHost, entry: Entry): HostCost {
  const usable = host.versions.filter((one) => one.usable).map((one) => one.entry);
  const best = usable.find(({ withdrawn }) => withdrawn === undefined) ?? usable[0];
  const abilities = host.abilities ?? { virtioFeatures: 0n, protocolFeatures: 0n, limits: {} };
  const against = best?.version ?? `the back-end of ${host.name}`;
  const side = {
    name: against,
    features: best?.virtioFeatures ?? abilities.virtioFeatures,
    protocolFeatures: undefined,
    limits: best?.limits ?? abilities.limits,
  };
  const own = {
    name: entry.version,
    features: entry.virtioFeatures,
    protocolFeatures: undefined,
    limits: entry.limits,
  };
  return { host: host.name, against, difference: diff(host.deviceType, side, own) };
}

function isCommon(entry: Entry, hosts: readonly MoveHost[]): boolean {
  return hosts.every(({ versions }) =>
    versions.some((one) => one.usable && one.entry.version === entry.version && one.entry.digest === entry.digest),
  );
}

/** Under another name it would be chosen again. */
function sameAsWithdrawn(entry: Entry, hosts: readonly MoveHost[]): string[] {
  const notes = hosts.flatMap(({ versions }) =>
    versions.flatMap(({ entry: one }) =>
      samePromise(one, entry) ? withdrawalNotes(`it promises the same as ${one.version}, which`, one.withdrawn) : [],
    ),
  );
  return [...new Set(notes)];
}

/** A limit that no back-end told cannot be compared. */
function samePromise(a: Entry, b: Entry): boolean {
  return (
    guestFeatures(a.virtioFeatures) === guestFeatures(b.virtioFeatures) &&
    a.protocolFeatures === b.protocolFeatures &&
    Object.entries(b.limits).every(([name, value]) => a.limits[name] === value)
  );
}

function notesOf({ deviceType, virtioFeatures }: Entry): string[] {
  const family = familyOf(deviceType);
  const broken = decodeMask(family, virtioFeatures & ~CONTROL_BITS).flatMap(({ name, requires }) =>
    requires
      .filter((wanted) => isBackendMatter(family, wanted) && !hasOne(family, virtioFeatures, wanted))
      .map((wanted) => `${name} is in it without ${wanted}, which the virtio specification asks for with it`),
  );
  return [
    ...((virtioFeatures & VERSION_1) === 0n ? ['it has no VIRTIO_F_VERSION_1: guests get a legacy device'] : []),
    ...broken,
  ];
}

/** The control queue is QEMU's own; a mask without it is no fault. */
function isBackendMatter(family: FeatureFamily, wanted: string): boolean {
  return wanted.split(' or ').some((name) => family.byName.get(name)?.fromBackend);
}

function hasOne(family: FeatureFamily, mask: bigint, wanted: string): boolean {
  return wanted
    .split(' or ')
    .some((name) => (mask & (1n << BigInt(family.byName.get(name)?.bit ?? MAX_MASK_BITS))) !== 0n);
}
