import { formatMask, parseMask } from '../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import type { CompatibleEntry, DeviceDocument, FieldValue } from '../../compat-tables/devices/device-document.ts';
import { digestOf } from '../../compat-tables/entries/digest.ts';
import type { Entry, Limits } from '../../compat-tables/entries/entry.ts';
import type { VersionDocument } from './host-document.ts';

/**
 * One document for each device type of a host. It takes in its usable versions; its own version is the one that a guest
 * without a pin gets: the default when that is usable, else the first.
 */
export function devicesOf(
  host: string,
  versions: readonly VersionDocument[],
  defaultVersion: string | undefined,
): DeviceDocument[] {
  const usable = versions.filter((one) => one.usable).toSorted((a, b) => a.preference - b.preference);
  return [...new Set(usable.map((one) => one.device_type))].map((type) => {
    const own = usable.filter((one) => one.device_type === type);
    const current = own.filter(({ withdrawn }) => withdrawn === undefined);
    const chosen = own.find(({ version }) => version === defaultVersion) ?? current[0];
    const self = chosen === undefined ? {} : { version: chosen.version, fields: fieldsOf(chosen) };
    return {
      ...{ format: 1, kind: 'vhost-compat device', host, self: { device_type: type, ...self } },
      compatible: own.map((one) => ({
        ...{ version: one.version, fields: fieldsOf(one), digest: one.digest, tier: one.tier },
        ...(one.summary === '' ? {} : { summary: one.summary }),
        ...(one.withdrawn === undefined ? {} : { withdrawn: one.withdrawn }),
      })),
    };
  });
}

/**
 * The entries that a device document of vhost-user states in full, as masks and limits: the reverse of `devicesOf`. Without
 * entries that have variables or other fields: those cannot be compared with a guest's bits.
 */
export function entriesOf({ self, compatible }: DeviceDocument): Entry[] {
  // a device takes in its own version, listed or not
  const own = compatible.some(({ version }) => version === self.version) ? [] : [self];
  return [...compatible, ...own].flatMap((one) => entryIn(self.device_type, one) ?? []);
}

function entryIn(deviceType: string, stated: CompatibleEntry): Entry | undefined {
  const { version, fields = {}, variables = {}, digest, tier = 'both-ways', summary = '', withdrawn } = stated;
  const { virtio_features, protocol_features, required_protocol_features = '0x0', ...rest } = fields;
  const virtioFeatures = maskIn(virtio_features);
  const protocolFeatures = maskIn(protocol_features);
  const requiredProtocolFeatures = maskIn(required_protocol_features);
  const limits = Object.entries(rest).flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : []));
  if (version === undefined || virtioFeatures === undefined || requiredProtocolFeatures === undefined) return undefined;
  if (protocol_features !== undefined && protocolFeatures === undefined) return undefined;
  if (limits.length < Object.keys(rest).length || Object.keys(variables).length > 0) return undefined;
  const content = {
    ...{ version, deviceType, virtioFeatures, protocolFeatures, requiredProtocolFeatures },
    limits: Object.fromEntries(limits) as Limits,
  };
  const prose = { tier, summary, covers: [], sources: [], origin: 'document', ...(withdrawn && { withdrawn }) };
  return { ...content, ...prose, digest: digest ?? digestOf(content) };
}

function maskIn(value: FieldValue | undefined): bigint | undefined {
  return typeof value === 'string' && /^0x[\da-f]{1,32}$/i.test(value) ? BigInt(value) : undefined;
}

/** The promise of an entry, without control bits. */
function fieldsOf(version: VersionDocument) {
  const { protocol_features, required_protocol_features } = version;
  return {
    virtio_features: formatMask(guestFeatures(parseMask(version.virtio_features))),
    ...(protocol_features === undefined ? {} : { protocol_features }),
    ...(required_protocol_features === undefined ? {} : { required_protocol_features }),
    ...version.limits,
  };
}
