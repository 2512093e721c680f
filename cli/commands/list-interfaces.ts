import { interfaceDocument } from '../../rpc/fleet/describe-host.ts';
import { INTERFACE } from '../../rpc/state/model/interface.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import { hostName } from '../../rpc/state/state.ts';
import type { Command } from '../shared/command.ts';
import { isoTime } from '../shared/host-names.ts';
import { type ShownColumns, shownColumns } from '../shared/model-columns.ts';
import { withHost } from '../shared/open-host.ts';

const MODEL = shownColumns(INTERFACE);
const COLUMNS: ShownColumns<InterfaceRow> = {
  name: ({ name }) => name,
  state: ({ state }) => state,
  pin: ({ version }) => version ?? '(default)',
  in_force: ({ inForce }) => inForce,
  next_start: ({ nextStart }) => nextStart,
  acked: ({ ackedFeatures }) => ackedFeatures,
  error: ({ error }) => error,
};
/** Those that nothing here shows otherwise. */
const MORE = Object.entries(MODEL).filter(([heading]) => !Object.hasOwn(COLUMNS, heading));
const ALL: ShownColumns<InterfaceRow> = { ...COLUMNS, ...Object.fromEntries(MORE) };

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
      table: {
        headings: Object.keys(ALL),
        narrow: ['name', 'state', 'pin', 'in_force', 'next_start', 'error'],
        rows: rows.map((row) => Object.values(ALL).map((cell) => cell(row))),
      },
      json: {
        ...{ format: 1, kind: 'interfaces', host: hostName(host) },
        ...(host.staleSince === undefined ? {} : { stale_since: isoTime(host.staleSince) }),
        interfaces: rows.map(interfaceDocument),
      },
    };
  },
};
