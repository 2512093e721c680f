/** The features that a destination does not offer: who lacks each, which releases have it, and what to do. */
import { DEFAULT_DEVICE_TYPE, familyOf } from '../bits/device-types.ts';
import { decodeMask } from '../bits/mask.ts';
import { selectCommonVersion } from '../compare/select.ts';
import { NET_RELEASES } from '../releases/releases.ts';
import { isOfferedAnywhere, spansOf, spanText } from '../releases/resembles.ts';
import { type Question, selectable } from './fitting-versions.ts';
import type { MoveHost } from './move-host.ts';

/** One bit that the destination does not offer. */
export interface BlockingBit {
  readonly bit: number;
  readonly name: string;
  readonly meaning: string;
  /** The back-end or version that lacks it, and the releases that offer it. */
  readonly culprit: string;
  readonly remedy: string;
}

export function blockingBits(question: Question, mask: bigint): BlockingBit[] {
  const { to } = question;
  const restart = restartRemedy(question);
  return decodeMask(familyOf(to.deviceType), mask).map(({ bit, name, meaning }) => {
    return { bit, name, meaning, ...blame(to, bit, restart) };
  });
}

/** The version to restart the guest in: it keeps the features that it took until its front-end process ends. */
function restartRemedy({ from, to, pin }: Question): string {
  // as a selection chooses: a version that moves forward only is no way to an older host
  const { version } = selectCommonVersion([selectable(from), selectable(to)], 'source');
  const unknown = [from, to].filter(({ abilities }) => abilities === undefined).map(({ name }) => name);
  if (version === undefined && unknown.length > 0)
    return `No version is common to ${from.name} and ${to.name}, and none can be made while nothing is known of the back-end of ${unknown.join(' and ')}: ask with the document of the host itself.`;
  if (version === undefined)
    return `No version is common to ${from.name} and ${to.name}: make one (\`vhost-compat baseline --define\`), pin it, then stop and start the guest.`;
  if (version === pin)
    return `${version} is pinned on ${from.name} already: stop and start the guest; ${to.name} has the version too.`;
  return `Pin ${version} on ${from.name}, then stop and start the guest: ${to.name} has it too.`;
}

function blame(to: MoveHost, bit: number, restart: string): { culprit: string; remedy: string } {
  if (to.abilities === undefined) return { culprit: `no usable version of ${to.name} has it`, remedy: restart };
  const backend = `the back-end of ${to.name}${to.backend === undefined ? '' : ` (${to.backend})`}`;
  const wanted = 1n << BigInt(bit);
  if ((to.abilities.virtioFeatures & wanted) !== 0n)
    return {
      culprit: `${backend} offers it, but no usable version there has it together with the others`,
      remedy: `Define a version that has them all on ${to.name} (\`vhost-compat baseline --define\`).`,
    };
  if (to.deviceType !== DEFAULT_DEVICE_TYPE || !isOfferedAnywhere(bit))
    return { culprit: `${backend} does not offer it`, remedy: restart };
  const offering = NET_RELEASES.filter(({ virtioFeatures }) => (virtioFeatures & wanted) !== 0n);
  const switches = offering.filter(({ project }) => project === 'ovs-dpdk');
  const shown = spansOf(switches.length > 0 ? switches : offering)
    .map(spanText)
    .join('; ');
  return { culprit: `${backend} does not offer it; offered by ${shown}`, remedy: restart };
}
