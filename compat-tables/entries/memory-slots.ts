/** Regions of guest memory: QEMU has no more of them than each back-end of the guest takes. */
import { MEM_SLOTS, PROTOCOL_FEATURES } from '../bits/named-masks.ts';
import type { Abilities, Entry, Limits } from './entry.ts';
import { offeredProtocolFeatures } from './entry.ts';

/** The limit that is the answer to GET_MAX_MEM_SLOTS. It belongs to a connection, as protocol features do: no version promises it. */
export const MEMORY_LIMIT = 'memory_slots';

/** More than any back-end has: an answer above it tells nothing. */
export const MOST_SLOTS = 65_536n;

/** What fits into SET_MEM_TABLE (vhost-user protocol, "Memory region description"; QEMU, VHOST_MEMORY_BASELINE_NREGIONS). */
const TABLE_REGIONS = 8;

/** The limits that a front-end finds on a back-end through a version; undefined of a back-end that is not known. */
export function limitsThrough(entry: Entry | undefined, abilities: Abilities | undefined): Limits | undefined {
  if (abilities === undefined) return undefined;
  const { virtioFeatures, protocolFeatures, limits } = abilities;
  const spoken = (virtioFeatures & PROTOCOL_FEATURES) === 0n ? 0n : protocolFeatures;
  const offered = entry === undefined ? spoken : offeredProtocolFeatures(entry, spoken);
  return (offered & MEM_SLOTS) === 0n ? { ...limits, [MEMORY_LIMIT]: TABLE_REGIONS } : limits;
}

/** Limits that a version may promise. */
export function withoutMemory(limits: Limits): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([name]) => name !== MEMORY_LIMIT));
}

/** What fits into no table, on a back-end that has told nobody yet how much it takes. */
export function memoryWarnings(needs: Limits, given: Limits | undefined, to: string): string[] {
  const regions = needs[MEMORY_LIMIT] ?? 0;
  if (regions <= TABLE_REGIONS || given === undefined || Object.hasOwn(given, MEMORY_LIMIT)) return [];
  return [`it is not known how many memory regions the back-end of ${to} takes at most, and the guest has ${regions}`];
}
