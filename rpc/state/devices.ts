import type { DeviceDocument } from '../../compat-tables/documents/types.ts';
import { guestFeatures } from '../../compat-tables/entries.ts';
import { formatMask, parseMask } from '../../compat-tables/mask.ts';
import type { VersionDocument } from './document-shapes.ts';

/**
 * One document for each device type of a host: its usable versions are what it can take in, and it is what a guest gets
 * that names none: the default when that is usable, else the first.
 */
export function devicesOf(
  host: string,
  versions: readonly VersionDocument[],
  defaultVersion: string | undefined,
): DeviceDocument[] {
  const usable = versions.filter((one) => one.usable).toSorted((a, b) => a.preference - b.preference);
  return [...new Set(usable.map((one) => one.device_type))].map((type) => {
    const own = usable.filter((one) => one.device_type === type);
    const chosen = own.find(({ version }) => version === defaultVersion) ?? own[0];
    return {
      format: 1,
      kind: 'vhost-compat device',
      host,
      self: {
        device_type: type,
        ...(chosen === undefined ? {} : { version: chosen.version, fields: fieldsOf(chosen) }),
      },
      compatible: own.map((one) => ({
        ...{ version: one.version, fields: fieldsOf(one), digest: one.digest, tier: one.tier },
        ...(one.summary === '' ? {} : { summary: one.summary }),
      })),
    };
  });
}

/** What an entry promises; control bits are no part of it. */
function fieldsOf(version: VersionDocument) {
  const { protocol_features, required_protocol_features } = version;
  return {
    virtio_features: formatMask(guestFeatures(parseMask(version.virtio_features))),
    ...(protocol_features === undefined ? {} : { protocol_features }),
    ...(required_protocol_features === undefined ? {} : { required_protocol_features }),
    ...version.limits,
  };
}
