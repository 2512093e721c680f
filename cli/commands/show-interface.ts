import { plural } from '../../base/text.ts';
import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { decodeMask } from '../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import { queueUnit } from '../../compat-tables/bits/queue-counts.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { CATALOGUE, isErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { remedyOf } from '../../compat-tables/errors/remedy.ts';
import { interfaceDocument } from '../../rpc/fleet/describe-host.ts';
import { reasonsToStay } from '../../rpc/fleet/leave-host.ts';
import { type Column, cellOf } from '../../rpc/state/model/column.ts';
import { INTERFACE } from '../../rpc/state/model/interface.ts';
import type { HostRow, InterfaceRow } from '../../rpc/state/read-rows.ts';
import { hostName } from '../../rpc/state/state.ts';
import { cellOfRow, labelOf, shownColumns, tableOf } from '../shared/columns.ts';
import { argument, type Command, type Input } from '../shared/command.ts';
import type { Context } from '../shared/context.ts';
import { featureJson, featureLines, yesOrNo } from '../shared/feature-output.ts';
import { lineText, maskText } from '../shared/formats.ts';
import { isoTime } from '../shared/host-names.ts';
import { API_OPTION, namedApi, openApi } from '../shared/open-api.ts';
import { withHost } from '../shared/open-host.ts';
import type { Field, Part } from '../shared/page.ts';

const COLUMNS = shownColumns(INTERFACE);
/** What the summary has. */
const TOLD: readonly string[] = [
  ...['name', 'state', 'since', 'error', 'error_detail', 'pin', 'in_force', 'next_start', 'frontend', 'backend'],
];

export const showInterface: Command = {
  name: 'show-interface',
  summary: 'Show an interface: state, versions, and which features are kept from its guest and why',
  args: [{ name: 'NAME', help: 'the interface' }],
  options: [
    { name: 'live', help: 'ask the agent for the counters of this moment; those in the database are a little older' },
    API_OPTION,
  ],
  example: 'vhu0',
  details: '--verbose adds everything else that the database has of it, and every feature by name.',
  async run(context, input) {
    const name = argument(input, 0);
    const live = input.flag('live');
    if (live) namedApi(context, input); // a mistake in it is told before anybody is asked
    const { state, host } = await withHost(context);
    const stored = state.interface(name, host);
    const row = live ? { ...stored, statistics: await liveStatistics(context, input, host, name) } : stored;
    const stay = reasonsToStay(state, host, stored);
    return {
      table: tableOf(COLUMNS, [row]),
      text: [
        ...summary(row, stay),
        ...(live && !context.options.verbose ? [{ fields: [statistics(row)] }] : []),
        ...(context.options.verbose ? ['', ...internals(row)] : []),
      ],
      json: interfaceJson(hostName(host), row, stay),
    };
  },
};

/** Counters alone are no reason for the agent to write to the database. */
async function liveStatistics(context: Context, input: Input, host: HostRow, name: string) {
  const api = await openApi(context, input, host);
  const [port] = await api.call('interfaces.statistics', { name });
  return new Map(Object.entries(port?.statistics ?? {}));
}

/** `stay`: why QEMU would not migrate it, when that is known. */
function summary(row: InterfaceRow, stay: readonly string[] | undefined): Part[] {
  const { queuePairs, deviceType } = row;
  const rings = [...new Set(row.ringSizes.values())].toSorted((a, b) => a - b).join(' and ');
  const queues = queuePairs === undefined ? undefined : `${queuePairs}${rings === '' ? '' : `, rings of ${rings}`}`;
  return [
    {
      fields: [
        ['interface', row.name],
        ['state', row.since === undefined ? row.state : `${row.state} since ${isoTime(row.since) ?? '?'}`],
        ...errorFields(row),
        ['pin', row.version ?? '(default)'],
        ['in force', row.inForce],
        ['next start', row.nextStart],
        ['front-end', row.frontend],
        ['back-end', row.backend],
        [queueUnit(deviceType), queues],
        ...memoryField(row),
        ['migratable', stay === undefined ? 'not known yet' : yesOrNo(stay)],
        ['guest took', row.ackedFeatures === undefined ? undefined : maskText(row.ackedFeatures)],
      ],
    },
    '',
    ...keptFromGuest(row),
  ];
}

function memoryField({ memoryRegions }: InterfaceRow): Field[] {
  return memoryRegions === undefined ? [] : [['guest memory', plural(memoryRegions, 'region')]];
}

/** What the back-end offers and the guest has not. Control bits are no guest's. */
function keptFromGuest({ abilities, offeredFeatures: offered, ackedFeatures: acked, inForce, ...row }: InterfaceRow) {
  if (offered === undefined) return ['Kept from the guest: not known, no front-end was offered anything yet'];
  const family = familyOf(row.deviceType);
  const left = guestFeatures(abilities?.virtioFeatures ?? 0n) & ~offered;
  const untaken = acked === undefined ? 0n : guestFeatures(offered) & ~acked;
  const line = (why: string, mask: bigint) => {
    const bits = decodeMask(family, mask).map(({ name, bit }) => `${name} (${bit})`);
    return bits.length === 0 ? [] : [`  ${why}: ${bits.join(', ')}`];
  };
  const lines = [
    ...line(`${inForce ?? 'the version'} leaves out`, left),
    ...line('offered and not taken by the front-end', untaken),
  ];
  return lines.length === 0 ? ['Kept from the guest: nothing'] : [{ heading: 'Kept from the guest:' }, ...lines];
}

/** All else that the database has: values in a list, masks bit by bit. */
function internals(row: InterfaceRow): Part[] {
  const family = familyOf(row.deviceType);
  const shown = Object.values<Column>(INTERFACE).filter(({ heading }) => heading && !TOLD.includes(heading));
  const cells = shown.map((column) => ({ column, cell: cellOfRow(column, row) }));
  const fields = cells.flatMap(({ column, cell }): Field[] =>
    typeof cell === 'bigint' ? [] : [[labelOf(column), lineText(cell)]],
  );
  const masks = cells.flatMap(({ column, cell }) => {
    const bits = /protocol/i.test(column.property) ? PROTOCOL : family;
    return typeof cell === 'bigint' ? featureLines(labelOf(column), cell, bits) : [];
  });
  return [{ fields: [...fields, statistics(row)] }, ...masks];
}

function statistics(row: InterfaceRow): Field {
  return ['statistics', lineText(cellOf(INTERFACE.statistics, row))];
}

function errorFields({ error, errorDetail }: InterfaceRow): Field[] {
  if (error === undefined) return errorDetail === undefined ? [] : [['waiting', errorDetail]];
  const known = isErrorCode(error) ? error : undefined;
  const detail = errorDetail ?? (known && CATALOGUE[known].title) ?? '';
  const text: Field = ['error', `${detail} [${error}]`.trim()];
  return known === undefined ? [text] : [text, ['remedy', remedyOf(known, detail)]];
}

function interfaceJson(host: string, row: InterfaceRow, stay: readonly string[] | undefined) {
  const family = familyOf(row.deviceType);
  return {
    ...{ kind: 'interface', host },
    interface: {
      ...interfaceDocument(row),
      peer: Object.fromEntries(row.peer),
      // a counter above 2^53 would lose digits as a JSON number
      statistics: Object.fromEntries([...row.statistics].map(([name, value]) => [name, String(value)])),
    },
    migratable: stay === undefined ? null : stay.length === 0,
    not_migratable: stay ?? [],
    decoded: {
      offered_features: featureJson(row.offeredFeatures, family),
      acked_features: featureJson(row.ackedFeatures, family),
      acked_protocol_features: featureJson(row.ackedProtocolFeatures, PROTOCOL),
      backend_features: featureJson(row.abilities?.virtioFeatures, family),
      backend_protocol_features: featureJson(row.abilities?.protocolFeatures, PROTOCOL),
    },
  };
}
