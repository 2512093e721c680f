import { firstNames, plural } from '../../base/text.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { deviceTypesOf, effectiveDefault } from '../../compat-tables/compare/default-version.ts';
import { withdrawalText } from '../../compat-tables/entries/withdrawal.ts';
import type { HostRow, InterfaceRow, VersionRow } from '../../rpc/state/read-rows.ts';
import { hostName } from '../../rpc/state/state.ts';
import type { Command } from '../shared/command.ts';
import { isoTime } from '../shared/host-names.ts';
import { type OpenHost, withHost } from '../shared/open-host.ts';
import type { Part } from '../shared/page.ts';

/** Something that is not as somebody wanted it. */
interface Concern {
  readonly interface?: string;
  readonly code?: string;
  readonly text: string;
}

export const show: Command = {
  name: 'show',
  summary: 'Show this host at a glance: agent, back-end, versions, interfaces, and what needs attention',
  args: [],
  options: [],
  example: '',
  details: 'What needs attention stands last. Exit status 0 whatever it is.',
  async run(context) {
    const { host, versions: all, interfaces } = await withHost(context);
    const versions = ofItsTypes(all, host, interfaces);
    const rows = interfaces.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const usable = versions.filter((one) => one.usable).length;
    const [deviceType] = deviceTypesOf(versions);
    const effective = deviceType && effectiveDefault(deviceType, host.defaultVersion, versions);
    const concerns = concernsOf({ host, versions, interfaces: rows });
    return {
      text: page(host, rows, versions, effective, concerns),
      table: {
        headings: [
          ...['host', 'system_id', 'agent_version', 'stale_since', 'backend', 'known_by', 'usable_versions'],
          ...['versions', 'default_version', 'effective', 'interfaces', 'attention'],
        ],
        rows: [
          [
            ...[hostName(host), host.systemId, host.agentVersion, isoTime(host.staleSince)],
            ...[host.backend.get('name'), host.knownBy, usable, versions.length],
            ...[host.defaultVersion ?? 'newest', effective, rows.map(({ name }) => name)],
            concerns.map(concernText).join('; '),
          ],
        ],
      },
      json: {
        ...{ kind: 'host-summary', host: hostName(host), system_id: host.systemId },
        agent: { version: host.agentVersion, stale_since: isoTime(host.staleSince) ?? null },
        backend: { name: host.backend.get('name') ?? null, known_by: host.knownBy ?? null },
        versions: { usable, known: versions.length },
        ...{ default_version: host.defaultVersion ?? null, effective: effective ?? null },
        interfaces: rows.map(({ name, state, version, inForce, nextStart, error }) => ({
          ...{ name, state, version: version ?? null, in_force: inForce ?? null },
          ...{ next_start: nextStart ?? null, error: error ?? null },
        })),
        attention: concerns.map(({ interface: name, code, text }) => {
          return { interface: name ?? null, code: code ?? null, text };
        }),
      },
    };
  },
};

/** The versions of the device types that the host has: the tables have some of disks and file systems, too. */
function ofItsTypes(
  versions: readonly VersionRow[],
  host: HostRow,
  interfaces: readonly InterfaceRow[],
): readonly VersionRow[] {
  const types = new Set(interfaces.map(({ deviceType }) => deviceType));
  if (types.size === 0 || host.abilities !== undefined) types.add(DEFAULT_DEVICE_TYPE);
  return versions.filter(({ deviceType }) => types.has(deviceType));
}

function page(
  host: HostRow,
  interfaces: readonly InterfaceRow[],
  versions: readonly VersionRow[],
  effective: string | undefined,
  concerns: readonly Concern[],
): Part[] {
  const alive = host.staleSince === undefined ? 'alive' : `no sign of life since ${isoTime(host.staleSince) ?? '?'}`;
  const usable = versions.filter((one) => one.usable).length;
  const named = host.defaultVersion ?? 'newest';
  return [
    {
      fields: [
        ['host', `${hostName(host)} (${host.systemId})`],
        ['agent', `vhost-compatd ${host.agentVersion}, ${alive}`],
        ['back-end', host.abilities && `${host.backend.get('name') ?? 'without a name'} (${host.knownBy ?? 'told'})`],
        ['versions', `${usable} of ${versions.length} usable`],
        ['default version', named === effective ? named : `${named} (${effective ?? 'none is usable'})`],
        ['interfaces', String(interfaces.length)],
      ],
    },
    ...(interfaces.length === 0
      ? []
      : [
          '',
          {
            table: {
              headings: ['interface', 'state', 'in_force', 'error'],
              rows: interfaces.map(({ name, state, inForce, error }) => [name, state, inForce, error]),
            },
          },
        ]),
    ...(concerns.length === 0
      ? []
      : ['', { heading: 'Needs attention:' }, ...concerns.map((one) => `  ${concernText(one)}`)]),
  ];
}

/** Withdrawn versions that somebody has: each once, with who it is. */
function withdrawnConcerns(
  host: HostRow,
  versions: readonly VersionRow[],
  interfaces: readonly InterfaceRow[],
): Concern[] {
  return versions.flatMap(({ version, deviceType, withdrawn }) => {
    const users = interfaces.filter((one) => {
      return one.deviceType === deviceType && [one.version, one.inForce, one.nextStart].includes(version);
    });
    const who = [...(host.defaultVersion === version ? ['the default'] : []), ...users.map(({ name }) => name)];
    if (withdrawn === undefined || who.length === 0) return [];
    const text = `${version}, which ${firstNames(who, 5)} ${who.length === 1 ? 'has' : 'have'}, ${withdrawalText(withdrawn)}`;
    return [{ code: 'VC-VERSION-WITHDRAWN', text }];
  });
}

function concernText({ interface: name, code, text }: Concern): string {
  return `${name === undefined ? '' : `${name}: `}${text}${code === undefined ? '' : ` [${code}]`}`;
}

function concernsOf({ host, versions, interfaces }: Pick<OpenHost, 'host' | 'versions' | 'interfaces'>): Concern[] {
  const usable = new Set(versions.filter((one) => one.usable).map(({ version }) => version));
  const { defaultVersion, staleSince } = host;
  const behind = interfaces.filter(({ inForce, nextStart }) => inForce && nextStart && inForce !== nextStart);
  return [
    ...(staleSince === undefined
      ? []
      : [{ code: 'VC-HOST-STALE', text: 'the agent gives no sign of life; all this is as old' }]),
    ...[...host.problems].map(([code, text]) => ({ code, text })),
    ...(host.curCfg < host.nextCfg ? [{ text: 'the agent has not yet applied the last change' }] : []),
    ...(usable.size > 0
      ? []
      : host.abilities === undefined
        ? [{ code: 'VC-BACKEND-UNKNOWN', text: 'nothing is known of the back-end yet' }]
        : [{ code: 'VC-MODE-NONE', text: 'no version is usable; list-versions --all says why' }]),
    ...(defaultVersion === undefined || usable.has(defaultVersion)
      ? []
      : [{ code: 'VC-VERSION-UNUSABLE', text: `the default version ${defaultVersion} is not usable here` }]),
    ...withdrawnConcerns(host, versions, interfaces),
    ...interfaces.flatMap(({ name, error: code, errorDetail }) =>
      code === undefined ? [] : [{ interface: name, code, text: errorDetail ?? 'it has an error' }],
    ),
    ...(behind.length === 0
      ? []
      : [
          {
            text: `${plural(behind.length, 'interface')} will change the version at the next start of the front-end: ${firstNames(
              behind.map(({ name }) => name),
              5,
            )}`,
          },
        ]),
  ];
}
