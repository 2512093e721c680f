/** Whether QEMU migrates a guest away from a back-end at all: without LOG_ALL and LOG_SHMFD it does not. */
import { LOG_ALL, LOG_SHMFD } from '../bits/named-masks.ts';
import type { Abilities } from '../entries/entry.ts';

/**
 * Why QEMU would refuse to migrate a guest on this back-end, in words; none means that it can be migrated. `who` is what
 * the abilities are those of.
 */
export function notMigratable(
  { virtioFeatures, protocolFeatures }: Pick<Abilities, 'virtioFeatures' | 'protocolFeatures'>,
  who = 'the back-end',
): string[] {
  return [
    ...(canLog(virtioFeatures) ? [] : [cannotLog(`${who} does not offer`)]),
    ...(canShareLog(protocolFeatures) ? [] : [cannotShareLog(`${who} does not offer`)]),
  ];
}

/** Whether QEMU has a back-end with these virtio features record the pages that it writes. */
export function canLog(virtioFeatures: bigint): boolean {
  return (virtioFeatures & LOG_ALL) !== 0n;
}

export function cannotLog(lack: string): string {
  return `${lack} VHOST_F_LOG_ALL: it cannot record which pages it writes`;
}

/** Whether that record can be shared memory, which QEMU wants. */
export function canShareLog(protocolFeatures: bigint): boolean {
  return (protocolFeatures & LOG_SHMFD) !== 0n;
}

export function cannotShareLog(lack: string, offered = ''): string {
  return `${lack} VHOST_USER_PROTOCOL_F_LOG_SHMFD${offered}: it cannot share the record of pages`;
}

/**
 * What to know of a version before guests are given it: it may be honoured where QEMU migrates nothing from, because
 * control bits and protocol features are the back-end's and no part of the promise. One note for all that lack the same.
 */
export function migrationNotes(
  backends: readonly { readonly name: string; readonly abilities: Abilities | undefined }[],
): string[] {
  const names = new Map<string, string[]>();
  for (const { name, abilities } of backends) {
    const reasons = abilities === undefined ? '' : notMigratable(abilities).join('; ');
    if (reasons !== '') names.set(reasons, [...(names.get(reasons) ?? []), name]);
  }
  return [...names].map(
    ([reasons, all]) => `QEMU migrates no guest from ${all.join(', ')}: ${reasons} [VC-MIGRATE-LOG]`,
  );
}
