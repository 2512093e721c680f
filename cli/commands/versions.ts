import { suggestion } from '../../base/text.ts';
import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { withdrawalNotes } from '../../compat-tables/entries/withdrawal.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { versionDocument } from '../../rpc/fleet/describe-host.ts';
import type { HostRow, VersionRow } from '../../rpc/state/read-rows.ts';
import { hostName } from '../../rpc/state/state.ts';
import { type ShownColumns, tableOf } from '../shared/columns.ts';
import { argument, type Command } from '../shared/command.ts';
import { featureLines } from '../shared/feature-output.ts';
import { jsonOf } from '../shared/formats.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf, limitsText } from '../shared/host-names.ts';
import { withHost } from '../shared/open-host.ts';
import type { Field, Part } from '../shared/page.ts';

export const listVersions: Command = {
  name: 'list-versions',
  summary: 'List the versions that are usable on this host, most preferred first',
  args: [],
  options: [
    { name: 'all', help: 'list every version of the tables, with what blocks it' },
    { ...DEVICE_TYPE_OPTION, help: 'only this collection of versions (default: all)' },
  ],
  example: '--all',
  async run(context, input) {
    const type = input.option('device-type') === undefined ? undefined : deviceTypeOf(input);
    const { host, versions } = await withHost(context);
    const shown = versions.filter(
      (row) => (input.flag('all') || row.usable) && (type ?? row.deviceType) === row.deviceType,
    );
    const notes: string[] = [];
    if (host.abilities === undefined && !shown.some((row) => row.usable))
      notes.push('nothing is known of the back-end of this host yet [VC-BACKEND-UNKNOWN]');
    else if (shown.length === 0)
      notes.push('no version is usable on this host; list-versions --all says why [VC-MODE-NONE]');
    notes.push(...shown.flatMap(({ version, withdrawn }) => withdrawalNotes(version, withdrawn)));
    return {
      table: tableOf(COLUMNS, shown, input.flag('all') ? NARROW_ALL : NARROW),
      notes,
      json: {
        ...{ kind: 'versions', host: hostName(host), ...jsonOf(host, 'knownBy', 'defaultVersion') },
        versions: shown.map(versionDocument),
      },
    };
  },
};

const NARROW = ['version', 'tier', 'summary'];
const NARROW_ALL = ['version', 'usable', 'tier', 'blockers'];

export const showVersion: Command = {
  name: 'show-version',
  summary: 'Show what a version promises, and whether this host can keep it',
  args: [{ name: 'VERSION', help: 'a version string, as list-versions --all has it' }],
  options: [DEVICE_TYPE_OPTION],
  example: 'upstream.ovs-dpdk.v2.6',
  details: 'Exit status 3 when the version is not usable on this host.',
  async run(context, input) {
    const name = argument(input, 0);
    const deviceType = deviceTypeOf(input);
    const { host, versions } = await withHost(context);
    const row = versions.find((one) => one.version === name && one.deviceType === deviceType);
    if (row === undefined) {
      const names = versions.filter((one) => one.deviceType === deviceType).map((one) => one.version);
      const text = `Cannot find version "${name}" of ${deviceType} on host ${hostName(host)}${suggestion(name, names)}`;
      throw new CompatError('VC-VERSION-UNKNOWN', text, { host: host.systemId, version: name });
    }
    return {
      table: tableOf(COLUMNS, [row]),
      text: versionText(row),
      json: { kind: 'version', host: hostName(host), version: versionDocument(row) },
      ...(row.usable ? {} : { refusal: unusable(host, row) }),
    };
  },
};

const COLUMNS: ShownColumns<VersionRow> = {
  version: (row) => row.version,
  device_type: (row) => row.deviceType,
  usable: (row) => row.usable,
  // each is a sentence with commas of its own
  blockers: (row) => row.blockers.map(({ text }) => text).join('; '),
  preference: (row) => row.preference,
  tier: (row) => row.tier,
  virtio_features: (row) => row.virtioFeatures,
  // in the order of the bits; a set of the database has none
  feature_names: (row) => featureNames(familyOf(row.deviceType), guestFeatures(row.virtioFeatures)),
  protocol_features: (row) => (row.protocolFeatures === undefined ? undefined : formatMask(row.protocolFeatures)),
  limits: (row) => limitsText(row.limits),
  digest: (row) => row.digest,
  summary: (row) => firstClause(row.summary),
  covers: (row) => row.covers,
  origin: (row) => row.origin,
  sources: (row) => row.sources,
};

/** A table has a line for a version; the whole text stands in show-version and in the JSON. */
function firstClause(text: string): string {
  return text.split(/[:;.](?:\s|$)/, 1)[0] ?? text;
}

function versionText(row: VersionRow): Part[] {
  const { requiredProtocolFeatures, protocolFeatures, limits } = row;
  const family = familyOf(row.deviceType);
  return [
    {
      fields: [
        ['version', row.version],
        ['summary', row.summary],
        ['device type', row.deviceType],
        ['usable here', row.usable ? 'yes' : 'no'],
        ...row.blockers.map(({ code, text }): Field => ['blocker', `${text} [${code}]`]),
        ...withdrawnFields(row),
        ['tier', row.tier],
        ...row.covers.map((text): Field => ['covers', text]),
        ...Object.entries(limits).map(([name, value]): Field => [`limit ${name}`, String(value)]),
        ['digest', row.digest],
        ['origin', row.origin],
        ...row.sources.map((text): Field => ['source', text]),
      ],
    },
    ...featureLines('virtio features', row.virtioFeatures, family),
    ...(protocolFeatures === undefined
      ? ['protocol features: as the back-end offers them']
      : featureLines('at most these protocol features', protocolFeatures, PROTOCOL)),
    ...(requiredProtocolFeatures === 0n
      ? []
      : featureLines('protocol features that it needs', requiredProtocolFeatures, PROTOCOL)),
  ];
}

function withdrawnFields({ withdrawn }: VersionRow): Field[] {
  if (withdrawn === undefined) return [];
  const { since, why, use } = withdrawn;
  return [
    ['withdrawn', `since ${since}: ${why} [VC-VERSION-WITHDRAWN]`],
    ...(use === undefined ? [] : [['use instead', use] as const]),
  ];
}

function unusable(host: HostRow, { version, blockers }: VersionRow): CompatError {
  const why = blockers.map(({ text }) => text).join('; ');
  const text = `Version "${version}" is not usable on host ${hostName(host)}: ${why}`;
  const missing = blockers.flatMap((one) => one.missing);
  return new CompatError('VC-VERSION-UNUSABLE', text, { host: host.systemId, version, missing });
}
