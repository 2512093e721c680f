/** Two hosts agree on a version only when its name and its content agree; the digest is the content in 64 letters. */

import { sha256 } from '../../base/digest.ts';
import { formatMask } from '../bits/mask.ts';
import { guestFeatures } from '../bits/named-masks.ts';
import type { Entry } from './entry.ts';

/** The part of an entry that is promised; prose, tier and provenance may be corrected without a new version. */
export type EntryContent = Pick<
  Entry,
  'version' | 'deviceType' | 'virtioFeatures' | 'protocolFeatures' | 'requiredProtocolFeatures' | 'limits'
>;

/**
 * One line of JSON with its members in a fixed order. Control bits do not count: they belong to the connection. A
 * member that is added to the format one day stands here only when an entry has it, so that old digests stay.
 */
export function canonicalContent(entry: EntryContent): string {
  const limits = Object.entries(entry.limits).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({
    format: 1,
    version: entry.version,
    device_type: entry.deviceType,
    guest_features: formatMask(guestFeatures(entry.virtioFeatures)),
    protocol_features: entry.protocolFeatures === undefined ? null : formatMask(entry.protocolFeatures),
    requires_protocol_features: formatMask(entry.requiredProtocolFeatures),
    limits: Object.fromEntries(limits),
  });
}

/** The digest of an entry: the SHA-256 of its canonical content, hexadecimal. */
export function digestOf(entry: EntryContent): string {
  return sha256(canonicalContent(entry));
}
