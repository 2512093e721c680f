/** Why QEMU would not migrate the guest of a connection, and who is behind it: back-end, version or front-end. */
import { PROTOCOL_FEATURES } from '../bits/named-masks.ts';
import type { Abilities, Entry } from '../entries/entry.ts';
import { offeredProtocolFeatures } from '../entries/entry.ts';
import { canLog, cannotLog, cannotShareLog, canShareLog } from './migratable.ts';

/** A front-end and the back-end behind it, as far as they are known. */
export interface Connection {
  readonly abilities: Pick<Abilities, 'virtioFeatures' | 'protocolFeatures'> | undefined;
  /** The version between the two; undefined: none, or one that is not known. */
  readonly entry: Pick<Entry, 'version' | 'protocolFeatures'> | undefined;
  /** The virtio features that the front-end was offered; `acked` and `ackedProtocol` are what it accepted. */
  readonly offered: bigint | undefined;
  readonly acked: bigint | undefined;
  readonly ackedProtocol: bigint | undefined;
}

export interface MigrationLack {
  readonly culprit: 'back-end' | 'version' | 'front-end';
  readonly text: string;
}

/** Empty: QEMU would migrate it. Undefined: nothing that is known speaks against it, but not all of it is known. */
export function migrationLacks(connection: Connection): MigrationLack[] | undefined {
  const { abilities, entry } = connection;
  const virtio = connection.offered ?? abilities?.virtioFeatures;
  const backend = abilities?.protocolFeatures;
  const offered = offeredProtocol(connection);
  const protocol = protocolOf(connection);
  const lacks: MigrationLack[] = [];
  if (virtio !== undefined && !canLog(virtio))
    lacks.push({ culprit: 'back-end', text: cannotLog('the back-end does not offer') });
  if (protocol !== undefined && !canShareLog(protocol)) lacks.push(unshared(backend, offered, entry?.version));
  return (virtio === undefined || protocol === undefined) && lacks.length === 0 ? undefined : lacks;
}

/** The protocol features of a connection: those that were accepted, else those that are offered. Undefined: not known. */
export function protocolOf(connection: Connection): bigint | undefined {
  return acceptedProtocol(connection) ?? offeredProtocol(connection);
}

/** Those that its front-end is, or will be, offered. */
export function offeredProtocol({ abilities, entry }: Connection): bigint | undefined {
  const backend = abilities?.protocolFeatures;
  return entry === undefined || backend === undefined ? backend : offeredProtocolFeatures(entry, backend);
}

/** QEMU knows a back-end by what it accepted of it, so what the front-end left out is missing as well. */
function unshared(backend = ~0n, offered = backend, version = ''): MigrationLack {
  if (!canShareLog(backend)) return { culprit: 'back-end', text: cannotShareLog('the back-end does not offer') };
  if (!canShareLog(offered)) return { culprit: 'version', text: cannotShareLog(`${version} does not offer`) };
  return { culprit: 'front-end', text: cannotShareLog('its front-end did not accept', ', which it was offered') };
}

/** Undefined: the front-end has not chosen yet, or it is not known what. */
function acceptedProtocol({ offered = 0n, acked, ackedProtocol }: Connection): bigint | undefined {
  if (ackedProtocol !== undefined || acked === undefined) return ackedProtocol;
  // one that knows protocol features accepts bit 30 together with the virtio features
  return (offered & ~acked & PROTOCOL_FEATURES) === 0n ? undefined : 0n;
}
