import { type Column, type Columns, encodeColumns } from '../../rpc/state/model/column.ts';
import { INTERFACE } from '../../rpc/state/model/interface.ts';
import { isStatusColumn } from '../../rpc/state/model/tables.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import type { KnownInterface } from './interface-memory.ts';
import { peerColumn } from './peer-column.ts';

/**
 * What the status columns of an interface are to hold before anything is reported: what the agent remembers, and of an interface
 * that it knows also what the row has of the last negotiation. Of one that it does not know, nothing, whatever the row says.
 */
export function trustedStatus(row: InterfaceRow, known: KnownInterface | undefined): Columns {
  const { abilities, sticky } = known ?? {};
  const remembered = {
    ...{ abilities, inForce: sticky?.version, peer: sticky ? peerColumn(sticky) : new Map<string, string>() },
  };
  const columns = encodeColumns(INTERFACE, { ...(known ? row : NOTHING), ...remembered });
  return Object.fromEntries(Object.entries(columns).filter(([name]) => isStatusColumn('Interface', name)));
}

const NOTHING = Object.fromEntries(
  Object.values<Column>(INTERFACE).map(({ property, of }) => [of ?? property, undefined]),
);
