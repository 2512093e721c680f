import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { formatMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { CATALOGUE, isErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { interfaceDocument } from '../../rpc/fleet/describe-host.ts';
import type { HostRow, InterfaceRow } from '../../rpc/state/read-rows.ts';
import { argument, type Command, type Input } from '../shared/command.ts';
import type { Context } from '../shared/context.ts';
import { featureJson, featureLines, migratableText } from '../shared/feature-output.ts';
import type { Cell } from '../shared/formats.ts';
import { fieldLines, hostName, isoTime, limitsText } from '../shared/host-names.ts';
import { API_OPTION, namedApi, openApi } from '../shared/open-api.ts';
import { withHost } from '../shared/open-host.ts';

const DEFAULT_PIN = '(default)';

export const listInterfaces: Command = {
  name: 'list-interfaces',
  summary: 'List the interfaces of this host with their pins and states',
  args: [],
  options: [],
  example: '--format json',
  async run(context) {
    const { host, interfaces } = await withHost(context);
    const rows = interfaces.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return {
      table: {
        headings: ['name', 'state', 'pin', 'in_force', 'next_start', 'acked', 'error'],
        rows: rows.map((row): Cell[] => [
          ...[row.name, row.state, row.version ?? DEFAULT_PIN, row.inForce, row.nextStart],
          ...[hex(row.ackedFeatures), row.error],
        ]),
      },
      json: {
        ...{ format: 1, kind: 'interfaces', host: hostName(host) },
        ...(host.staleSince === undefined ? {} : { stale_since: isoTime(host.staleSince) }),
        interfaces: rows.map(interfaceDocument),
      },
    };
  },
};

export const showInterface: Command = {
  name: 'show-interface',
  summary: 'Show an interface: versions, state, and every feature bit by name',
  args: [{ name: 'NAME', help: 'the interface' }],
  options: [
    { name: 'live', help: 'ask the agent for the counters of this moment; those in the database are a little older' },
    API_OPTION,
  ],
  example: 'vhu0',
  async run(context, input) {
    const name = argument(input, 0);
    if (input.flag('live')) namedApi(context, input); // a mistake in it is told before anybody is asked
    const { state, host } = await withHost(context);
    const stored = state.interface(name, host);
    const row = input.flag('live')
      ? { ...stored, statistics: await liveStatistics(context, input, host, name) }
      : stored;
    return {
      table: {
        headings: Object.keys(COLUMNS),
        rows: [Object.values(COLUMNS).map((cell) => cell(row))],
      },
      text: interfaceText(row),
      json: interfaceJson(hostName(host), row),
    };
  },
};

/** Counters alone are no reason for the agent to write to the database. */
async function liveStatistics(
  context: Context,
  input: Input,
  host: HostRow,
  name: string,
): Promise<InterfaceRow['statistics']> {
  const api = await openApi(context, input, host);
  const [port] = await api.call('interfaces.statistics', { name });
  return new Map(Object.entries(port?.statistics ?? {}));
}

const COLUMNS: Readonly<Record<string, (row: InterfaceRow) => Cell>> = {
  name: (row) => row.name,
  device_type: (row) => row.deviceType,
  frontend: (row) => row.frontend,
  backend: (row) => row.backend,
  pin: (row) => row.version,
  state: (row) => row.state,
  since: (row) => isoTime(row.since),
  in_force: (row) => row.inForce,
  next_start: (row) => row.nextStart,
  offered_features: (row) => hex(row.offeredFeatures),
  acked_features: (row) => hex(row.ackedFeatures),
  acked_protocol_features: (row) => hex(row.ackedProtocolFeatures),
  backend_features: (row) => hex(row.abilities?.virtioFeatures),
  backend_protocol_features: (row) => hex(row.abilities?.protocolFeatures),
  backend_limits: (row) => (row.abilities === undefined ? undefined : limitsText(row.abilities.limits)),
  queue_pairs: (row) => row.queuePairs,
  ring_sizes: (row) => mapText(row.ringSizes),
  peer: (row) => mapText(row.peer),
  error: (row) => row.error,
  error_detail: (row) => row.errorDetail,
};

function interfaceText(row: InterfaceRow): string {
  const family = familyOf(row.deviceType);
  const { abilities } = row;
  return [
    ...fieldLines([
      ['interface', row.name],
      ['device type', row.deviceType],
      ['front-end', row.frontend],
      ['back-end', row.backend],
      ['pin', row.version ?? DEFAULT_PIN],
      ['in force', row.inForce],
      ['next start', row.nextStart],
      ['state', row.state],
      ['since', isoTime(row.since)],
      ...errorFields(row),
      ['peer', mapText(row.peer)],
      ['queue pairs', row.queuePairs?.toString()],
      ['ring sizes', mapText(row.ringSizes)],
      ['migratable', abilities === undefined ? 'not known yet' : migratableText(abilities)],
      ['statistics', mapText(row.statistics)],
    ]),
    ...featureLines('offered features', row.offeredFeatures, family),
    ...featureLines('acked features', row.ackedFeatures, family),
    ...featureLines('acked protocol features', row.ackedProtocolFeatures, PROTOCOL),
    ...featureLines('back-end features', abilities?.virtioFeatures, family),
    ...featureLines('back-end protocol features', abilities?.protocolFeatures, PROTOCOL),
    ...(abilities === undefined ? [] : [`back-end limits: ${limitsText(abilities.limits) || '-'}`]),
    '',
  ].join('\n');
}

function errorFields({ error, errorDetail }: InterfaceRow): [string, string][] {
  if (error === undefined) return errorDetail === undefined ? [] : [['waiting', errorDetail]];
  const row = isErrorCode(error) ? CATALOGUE[error] : undefined;
  const fields: [string, string][] = [['error', `${errorDetail ?? row?.title ?? ''} [${error}]`.trim()]];
  if (row !== undefined) fields.push(['remedy', row.remedy]);
  return fields;
}

function interfaceJson(host: string, row: InterfaceRow) {
  const family = familyOf(row.deviceType);
  return {
    format: 1 as const,
    kind: 'interface',
    host,
    interface: {
      ...interfaceDocument(row),
      peer: Object.fromEntries(row.peer),
      // a counter above 2^53 would lose digits as a JSON number
      statistics: Object.fromEntries([...row.statistics].map(([name, value]) => [name, String(value)])),
    },
    decoded: {
      offered_features: featureJson(row.offeredFeatures, family),
      acked_features: featureJson(row.ackedFeatures, family),
      acked_protocol_features: featureJson(row.ackedProtocolFeatures, PROTOCOL),
      backend_features: featureJson(row.abilities?.virtioFeatures, family),
      backend_protocol_features: featureJson(row.abilities?.protocolFeatures, PROTOCOL),
    },
  };
}

function hex(mask: bigint | undefined): string | undefined {
  return mask === undefined ? undefined : formatMask(mask);
}

/** `pid=41 start_time=9`, sorted by name; numbers as numbers. */
function mapText(map: ReadonlyMap<string | number, string | number | bigint>): string {
  const entries = [...map].sort(([a], [b]) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : a < b ? -1 : 1,
  );
  return entries.map(([name, value]) => `${name}=${value}`).join(' ');
}
