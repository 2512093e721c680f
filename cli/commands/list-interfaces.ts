import { interfaceDocument } from '../../rpc/fleet/describe-host.ts';
import { INTERFACE } from '../../rpc/state/model/interface.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import { hostName } from '../../rpc/state/state.ts';
import { type ShownColumns, shownColumns, tableOf } from '../shared/columns.ts';
import type { Command } from '../shared/command.ts';
import { isoTime } from '../shared/host-names.ts';
import { withHost } from '../shared/open-host.ts';

const COLUMNS: ShownColumns<InterfaceRow> = {
  name: ({ name }) => name,
  state: ({ state }) => state,
  pin: ({ version }) => version ?? '(default)',
  in_force: ({ inForce }) => inForce,
  next_start: ({ nextStart }) => nextStart,
  acked: ({ ackedFeatures }) => ackedFeatures,
  error: ({ error }) => error,
};
/** Those of the database come after them, unless they are shown here otherwise. */
const ALL: ShownColumns<InterfaceRow> = { ...COLUMNS, ...shownColumns(INTERFACE), ...COLUMNS };

export const listInterfaces: Command = {
  name: 'list-interfaces',
  summary: 'List the interfaces of this host with their pins and states',
  args: [],
  options: [],
  example: '--format json',
  details: 'Every column of show-interface can be named with --columns.',
  async run(context) {
    const { host, interfaces } = await withHost(context);
    const rows = interfaces.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return {
      table: tableOf(ALL, rows, ['name', 'state', 'pin', 'in_force', 'next_start', 'error']),
      json: {
        ...{ kind: 'interfaces', host: hostName(host) },
        ...(host.staleSince === undefined ? {} : { stale_since: isoTime(host.staleSince) }),
        interfaces: rows.map(interfaceDocument),
      },
    };
  },
};
