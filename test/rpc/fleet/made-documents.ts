import { formatMask } from '../../../compat-tables/bits/mask.ts';
import { checkEntry } from '../../../compat-tables/compare/check-entry.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { HostDocument } from '../../../rpc/fleet/host-document.ts';

/** The versions of a host with such a back-end, the most preferred first, as its document shows them. */
export function versionDocuments(entries: readonly Entry[], known: Abilities): HostDocument['versions'] {
  return entries.map((one, preference) => {
    const blockers = checkEntry(one, known);
    return {
      ...{ version: one.version, device_type: one.deviceType, preference, feature_names: [], limits: one.limits },
      ...{ virtio_features: formatMask(one.virtioFeatures), digest: one.digest, tier: one.tier, covers: [] },
      ...(one.protocolFeatures === undefined ? {} : { protocol_features: formatMask(one.protocolFeatures) }),
      ...{ usable: blockers.length === 0, blockers, summary: '', origin: '10-test.json' },
    };
  });
}

/** The document of a host; `known`: what its network back-ends offer, undefined when it has none. */
export function documentOf(
  name: string,
  known: Abilities | undefined,
  rest: Pick<HostDocument, 'versions' | 'interfaces'> & Partial<Pick<HostDocument, 'devices'>>,
): HostDocument {
  const backend =
    known === undefined
      ? { limits: {} }
      : {
          ...{ features: formatMask(known.virtioFeatures), protocol_features: formatMask(known.protocolFeatures) },
          limits: known.limits,
        };
  return {
    ...{ format: 1, kind: 'vhost-compat host', host: name, system_id: name, hostname: name },
    ...{ agent_version: '', time: '', backend, ...rest },
  };
}
