/** Two promises side by side: what is gained and lost, what that costs, and which direction of migration survives. */

import { type BitWorth, bitWorths } from '../bits/bit-worth.ts';
import { featureNames } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import { visibleBits } from '../bits/qemu-from-backend.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import type { Limits } from '../entries/entry.ts';

/** The promise of a version, or the abilities of a back-end. */
export interface Compared {
  readonly name: string;
  readonly features: bigint;
  /** Undefined: as the back-end offers them. */
  readonly protocolFeatures: bigint | undefined;
  /** Protocol features without which a version cannot be honoured; undefined: none, as for a back-end. */
  readonly requiredProtocolFeatures?: bigint;
  readonly limits: Limits;
  /** Why QEMU migrates no guest from it, empty when it does; undefined: a version alone does not tell. */
  readonly notMigratable?: readonly string[];
}

export interface LimitChange {
  readonly name: string;
  /** Undefined: not stated. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Migration from one side to the other, for a guest that took all that it was shown. */
export interface Survival {
  readonly from: string;
  readonly to: string;
  /** No guest can fail, whatever it took. */
  readonly always: boolean;
  /** Guests with QEMU's default properties pass, although others may fail. */
  readonly byDefault: boolean;
  /** Features that break it for a guest that took them. */
  readonly breaks: readonly BitWorth[];
  /** Limits that are lower there. */
  readonly lower: readonly LimitChange[];
  /** Why no guest at all can leave; undefined: not known. */
  readonly notMigratable: readonly string[] | undefined;
}

export interface Difference {
  readonly a: string;
  readonly b: string;
  readonly deviceType: string;
  /** In B and not in A. */
  readonly gained: readonly BitWorth[];
  /** In A and not in B: what masking A down to B costs. */
  readonly lost: readonly BitWorth[];
  readonly protocolGained: readonly string[];
  readonly protocolLost: readonly string[];
  /** Protocol features that B requires and A does not, and the other way round. */
  readonly requiredGained: readonly string[];
  readonly requiredLost: readonly string[];
  /** Limits that are not the same. */
  readonly limits: readonly LimitChange[];
  readonly forward: Survival;
  readonly backward: Survival;
  /** Also when the digests differ for no more than the names. */
  readonly equal: boolean;
}

const ALL_PROTOCOL = PROTOCOL.bits.reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n);

export function diff(deviceType: string, a: Compared, b: Compared): Difference {
  const lost = guestFeatures(a.features & ~b.features);
  const gained = guestFeatures(b.features & ~a.features);
  const [pa, pb] = [a.protocolFeatures, b.protocolFeatures];
  // what nothing cuts may be all that there is
  const protocol = (x = ALL_PROTOCOL, y = x | ALL_PROTOCOL) => featureNames(PROTOCOL, x & ~y);
  const [protocolGained, protocolLost] = [protocol(pb, pa), protocol(pa, pb)];
  const [ra, rb] = [a.requiredProtocolFeatures ?? 0n, b.requiredProtocolFeatures ?? 0n];
  const limits = limitChanges(a.limits, b.limits);
  return {
    ...{ a: a.name, b: b.name, deviceType },
    gained: bitWorths(deviceType, gained),
    lost: bitWorths(deviceType, lost),
    ...{ protocolGained, protocolLost, limits },
    requiredGained: featureNames(PROTOCOL, rb & ~ra),
    requiredLost: featureNames(PROTOCOL, ra & ~rb),
    forward: survival(deviceType, a, b),
    backward: survival(deviceType, b, a),
    equal: lost === 0n && gained === 0n && limits.length === 0 && pa === pb && ra === rb,
  };
}

/** A guest of QEMU's defaults has one queue pair and rings of this size; smaller ones cannot be set. */
const DEFAULT_RING = 256;

/** Judges a move from one side to the other. */
export function survival(deviceType: string, from: Compared, to: Compared): Survival {
  const breaks = bitWorths(deviceType, visibleBits(deviceType, from.features & ~to.features));
  const lower = limitChanges(from.limits, to.limits).filter(
    (one) => one.from !== undefined && one.to !== undefined && one.to < one.from,
  );
  const { notMigratable } = from;
  const stuck = (notMigratable ?? []).length > 0;
  return {
    ...{ from: from.name, to: to.name, breaks, lower, notMigratable },
    always: !stuck && breaks.length === 0 && lower.length === 0,
    // limits bind only who uses so much
    byDefault:
      !stuck &&
      breaks.every(({ shownWith }) => shownWith !== undefined) &&
      !lower.some(({ name, to: most = DEFAULT_RING }) => name === 'ring_size' && most < DEFAULT_RING),
  };
}

function limitChanges(a: Limits, b: Limits): LimitChange[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names.map((name) => ({ name, from: own(a, name), to: own(b, name) })).filter(({ from, to }) => from !== to);
}

function own(limits: Limits, name: string): number | undefined {
  return Object.hasOwn(limits, name) ? limits[name] : undefined;
}
