/** Which known releases a back-end resembles, in words: the name beside its masks. */

import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import type { Abilities } from '../entries/entry.ts';
import { type BackendRelease, projectOf } from './release.ts';
import { NET_RELEASES, RELEASES, releasesOfType } from './releases.ts';

/** Releases of one project that follow each other in the tables, with the settings that answer so. */
export interface ReleaseSpan {
  readonly project: string;
  readonly from: string;
  readonly to: string;
  readonly settings: readonly string[];
}

/** The known releases and settings with the same offer, in words: `Open vSwitch 2.15 to 3.1.7 (default, +server)`. */
export function resembling(abilities: Abilities, deviceType = DEFAULT_DEVICE_TYPE): string[] {
  return spansOf(releasesLike(abilities, deviceType)).map(spanText);
}

/** The known releases and settings with the same offer to guests, and of these those with the same protocol features. */
function releasesLike({ virtioFeatures, protocolFeatures }: Abilities, deviceType: string): BackendRelease[] {
  const alike = releasesOfType(deviceType).filter(
    (one) => guestFeatures(one.virtioFeatures) === guestFeatures(virtioFeatures),
  );
  const exact = alike.filter((one) => one.protocolFeatures === protocolFeatures);
  return exact.length > 0 ? exact : alike;
}

/** Whether a back-end answers like nothing but programs of which each process serves one guest. */
export function servesOneGuest(abilities: Abilities, deviceType: string): boolean {
  const alike = releasesLike(abilities, deviceType);
  return alike.length > 0 && alike.every(({ project }) => projectOf(project).oneGuest === true);
}

/** Whether any network back-end of the tables offers a bit. */
export function isOfferedAnywhere(bit: number): boolean {
  return NET_RELEASES.some(({ virtioFeatures }) => (virtioFeatures & (1n << BigInt(bit))) !== 0n);
}

/** Single releases as spans: those of one setting that follow each other, and the settings of the same span together. */
export function spansOf(releases: readonly BackendRelease[]): ReleaseSpan[] {
  const wanted = new Set(releases);
  const spans: Draft[] = [];
  const open = new Map<string, Draft>();
  for (const row of RELEASES) {
    const key = `${row.project} ${row.setting}`;
    const before = open.get(key);
    if (!wanted.has(row)) {
      open.delete(key);
    } else if (before !== undefined) {
      before.to = row.last;
    } else {
      const span = {
        project: projectOf(row.project).title,
        from: row.release,
        to: row.last,
        settings: [row.setting || 'default'],
      };
      open.set(key, span);
      spans.push(span);
    }
  }
  return merged(spans);
}

/** `Open vSwitch 2.13 to 3.1.7 (default, +server)` */
export function spanText({ project, from, to, settings }: ReleaseSpan): string {
  // a row may hold for one release only: 2.13 to 2.13.0
  const releases = from === to || to === `${from}.0` ? to : `${from} to ${to}`;
  return `${project} ${releases} (${settings.join(', ')})`;
}

interface Draft extends ReleaseSpan {
  to: string;
  readonly settings: string[];
}

function merged(spans: readonly Draft[]): ReleaseSpan[] {
  const result: Draft[] = [];
  for (const span of spans) {
    const same = result.find(
      ({ project, from, to }) => project === span.project && from === span.from && to === span.to,
    );
    if (same === undefined) result.push(span);
    else same.settings.push(...span.settings);
  }
  return result;
}
