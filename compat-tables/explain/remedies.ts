/**
 * What cures a refused migration depends on who decides about the missing bits. What a property of QEMU hides at the
 * destination comes back with that property; no other host and no other back-end helps there.
 */
import type { BackendRelease } from '../releases/release.ts';
import { isForeign, isOfferedByAll, isOfferedBySome, type MissingBit } from './missing-bits.ts';
import type { Prevention } from './prevention.ts';

/** `here`: the releases that the back-end of the destination may be; none: not known. */
export function moveRemedies(missing: readonly MissingBit[], here: readonly BackendRelease[]): string[] {
  const shown = missing.filter((one) => cureOf(one, here) === 'properties');
  const either = missing.filter((one) => cureOf(one, here) === 'either');
  const elsewhere = missing.filter((one) => cureOf(one, here) !== 'properties');
  const hidden = missing.filter(({ hiddenBy }) => hiddenBy !== undefined);
  return [
    ...sameProperties(shown, either, elsewhere.length > either.length),
    ...(elsewhere.length === 0 ? [] : [anotherHost(elsewhere, elsewhere.length === missing.length)]),
    ...(hidden.length === 0
      ? []
      : [
          `The front-end hides ${namesOf(hidden)} from the next start on with: ${hidden.map(({ hiddenBy }) => hiddenBy).join(',')}`,
        ]),
  ];
}

/** The advice to pin a version that would have prevented it, if there is one. */
export function pinRemedies(prevented: Prevention | undefined): string[] {
  const [version] = prevented?.versions ?? [];
  if (version === undefined) return [];
  return [
    `Pin a version without them on every host; it takes effect at the next start: vhost-compat pin INTERFACE ${version}`,
  ];
}

/** `either`: the property is missing, or the back-end, and nothing tells which. */
function cureOf(missing: MissingBit, here: readonly BackendRelease[]): 'properties' | 'either' | 'host' {
  if (missing.decidedBy === 'QEMU') return 'properties';
  if (missing.decidedBy !== 'both' || isForeign(missing)) return 'host';
  if (here.length === 0) return 'either';
  if (isOfferedByAll(missing, here)) return 'properties';
  return isOfferedBySome(missing, here) ? 'either' : 'host';
}

/** `more`: other bits are missing that no property brings. */
function sameProperties(shown: readonly MissingBit[], either: readonly MissingBit[], more: boolean): string[] {
  const bits = [...shown, ...either];
  if (bits.length === 0) return [];
  const settings = bits.flatMap(({ shownBy }) => shownBy ?? []);
  const named = settings.length === 0 ? '' : `: ${settings.join(',')}`;
  const start = `Start QEMU at the destination with the properties and the machine type of the source${named}.`;
  const brings = `That shows the guest ${namesOf(bits)}`;
  const condition = either.length === 0 ? '' : `, if the back-end there offers ${namesOf(either)}`;
  const then = more
    ? 'The other bits are still missing then.'
    : 'Then migrate again; the guest still runs at the source.';
  return [`${start} ${brings}${condition}. ${then}`];
}

function anotherHost(bits: readonly MissingBit[], all: boolean): string {
  const what = all ? 'the missing bits' : namesOf(bits);
  return `The guest still runs at the source: move it to a host that offers ${what}, or restart it without them.`;
}

function namesOf(bits: readonly MissingBit[]): string {
  return bits.map(({ name }) => name).join(', ');
}
