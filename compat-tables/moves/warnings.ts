/** Warnings about a move, whether it is possible or not: a sentence for each. */
import { familyOf } from '../bits/device-types.ts';
import { ACCESS_PLATFORM, VERSION_1 } from '../bits/named-masks.ts';
import { withdrawalNotes } from '../entries/withdrawal.ts';
import { cannotLeave } from './after-the-move.ts';
import type { Candidate, Question } from './fitting-versions.ts';
import { type MoveHost, versionNamed } from './move-host.ts';

/**
 * Features that show how QEMU builds the device rather than what its guest does: which properties the card was given cannot
 * be seen from the socket, so what depends on them is a warning. Pure.
 */
export function deviceWarnings(deviceType: string, offered: bigint | undefined, there: bigint, to: string): string[] {
  const family = familyOf(deviceType);
  if (offered === undefined || !family.byName.has('VIRTIO_F_VERSION_1')) return [];
  const gained = there & ~offered;
  const lost = offered & ~there;
  const warnings: string[] = [];
  if ((gained & VERSION_1) !== 0n)
    warnings.push(
      `VIRTIO_F_VERSION_1 is offered on ${to} and not here: without disable-modern=on QEMU makes another PCI card there, and the migration fails (Bad config data)`,
    );
  if ((lost & ACCESS_PLATFORM) !== 0n)
    warnings.push(
      `VIRTIO_F_ACCESS_PLATFORM is offered here and not on ${to}: a device with iommu_platform=on does not start there`,
    );
  return warnings;
}

/** The version of a front-end that is there already, as one of a guest that is awaited: it keeps it for its life. */
export function waitsIn(to: MoveHost, name: string): string | undefined {
  const prepared = to.interfaces.find((one) => one.name === name);
  // where a guest runs, its front-end is not the one that the guest to come will have
  return prepared?.acked === undefined ? prepared?.inForce : undefined;
}

export function waitingWarnings(to: MoveHost, name: string, modes: readonly { readonly version: string }[]): string[] {
  const version = waitsIn(to, name);
  const [pin] = modes;
  if (version === undefined || pin === undefined || version === pin.version) return [];
  const would = modes.some((one) => one.version === version) ? 'which would do' : 'and the migration would fail';
  return [
    `its front-end on ${to.name} waits in ${version} already, ${would}: a pin there takes effect when it is started anew`,
  ];
}

export function warningsOf({ from, to }: Question, chosen: Candidate | undefined): string[] {
  const drifted = to.versions
    .filter(({ entry }) => (versionNamed(from, entry.version)?.entry.digest ?? entry.digest) !== entry.digest)
    .map(({ entry }) => entry.version);
  const landing = chosen === undefined ? [] : cannotLeave(to, chosen);
  return [
    ...(drifted.length > 0
      ? [
          `${drifted.join(', ')} has other content on ${to.name} than on ${from.name}: a table was changed [VC-DIGEST-DIFFERS]`,
        ]
      : []),
    ...(chosen?.entry === undefined ? [] : withdrawalNotes(chosen.entry.version, chosen.entry.withdrawn)),
    ...(chosen?.entry?.tier === 'best-effort' ? [`${chosen.entry.version} is a last resort (best-effort)`] : []),
    ...(landing.length > 0 ? [`it could not leave ${to.name} again: ${landing.join('; ')} [VC-MIGRATE-LOG]`] : []),
    ...(chosen !== undefined && to.abilities === undefined
      ? [
          `nothing is known of the back-end of ${to.name} but its versions: whether QEMU migrates from there is not said`,
        ]
      : []),
  ];
}
