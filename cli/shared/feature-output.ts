import type { FeatureFamily } from '../../compat-tables/bits/feature-bits.ts';
import { decodeMask, featureNames, formatMask } from '../../compat-tables/bits/mask.ts';
import { CONTROL_BITS } from '../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { stateStays } from '../../compat-tables/compare/device-state.ts';
import { notMigratable } from '../../compat-tables/compare/migratable.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { type Cell, maskText } from './formats.ts';
import type { Part } from './page.ts';

/** Said of the bits that no mode masks and no guest sees. */
const CONTROL_MARK = 'control bit, not seen by the guest';

/** A mask, one decoded bit per line below it, in the manner of VPP's `show vhost-user`. */
export function featureLines(title: string, mask: bigint, family: FeatureFamily): Part[] {
  const bits = decodeMask(family, mask).map(({ bit, name }) => {
    return `  ${name} (${bit})${isControl(family, bit) ? `  [${CONTROL_MARK}]` : ''}`;
  });
  return [{ heading: `${title} (${family === PROTOCOL ? formatMask(mask) : maskText(mask)}):` }, ...bits];
}

/** A mask for programs; members of one bit each are for `decode` and `probe`. */
export function featureJson(mask: bigint | undefined, family: FeatureFamily): object | null {
  if (mask === undefined) return null;
  return { mask: formatMask(mask), names: featureNames(family, mask) };
}

export interface BitRow {
  readonly bit: number;
  readonly name: string;
  /** Whether the tables of this release have a name for it. */
  readonly known: boolean;
  /** vhost-user's own: outside every mode. */
  readonly control: boolean;
  readonly meaning: string;
}

export function bitRows(mask: bigint, family: FeatureFamily): BitRow[] {
  return decodeMask(family, mask).map(({ bit, name, known, meaning }) => {
    return { bit, name, known, control: isControl(family, bit), meaning };
  });
}

export function bitCells({ bit, name, control, meaning }: BitRow): Cell[] {
  return [bit, name, control ? `${meaning} [${CONTROL_MARK}]` : meaning];
}

/** Protocol features number their bits anew: 26 and 30 are control bits among virtio features only. */
function isControl(family: FeatureFamily, bit: number): boolean {
  return family !== PROTOCOL && (CONTROL_BITS & (1n << BigInt(bit))) !== 0n;
}

/** Why QEMU migrates no guest with a device of this type from such a back-end; none: it does. */
export function whyNotMigratable(abilities: Abilities, deviceType: string): string[] {
  return [...notMigratable(abilities), ...stateStays(deviceType, abilities.protocolFeatures)];
}

/** `yes`, or `no` with what stands in the way. */
export function yesOrNo(obstacles: readonly string[]): string {
  return obstacles.length === 0 ? 'yes' : `no (${obstacles.join('; ')})`;
}
