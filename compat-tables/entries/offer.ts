/**
 * What an entry means for a word on the wire. The promise is the guest-visible part of the mask, exactly; control bits
 * and protocol features are agreed anew on each connection and pass as the back-end offers them.
 */
import { CONTROL_BITS, guestFeatures } from '../bits/named-masks.ts';
import type { Entry } from './entry.ts';

/** What the front-end is to be told: the entry's guest bits, and the control bits of the back-end at hand. */
export function offeredFeatures(entry: Pick<Entry, 'virtioFeatures'>, backendFeatures: bigint): bigint {
  return guestFeatures(entry.virtioFeatures) | (backendFeatures & CONTROL_BITS);
}

/** The back-end's protocol features, cut to the entry's when it limits them. */
export function offeredProtocolFeatures(entry: Pick<Entry, 'protocolFeatures'>, backendProtocol: bigint): bigint {
  return entry.protocolFeatures === undefined ? backendProtocol : backendProtocol & entry.protocolFeatures;
}
