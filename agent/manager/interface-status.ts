import type { InterfaceStatus, InterfaceStatusProperty } from '../../rpc/state/encode-rows.ts';
import type { Column } from '../../rpc/state/model/column.ts';
import { INTERFACE } from '../../rpc/state/model/interface.ts';
import type { InterfaceFacts } from '../orders/facts.ts';
import { peerColumn } from './peer-column.ts';

/**
 * The status of an interface as the relay process reports it: each column that rpc/state/model/interface.ts declares gets what stands
 * under its name here, and what it keeps stays as it is in the row. Counters are written along with a change, not here.
 */
export function interfaceStatus(port: InterfaceFacts, nextStart: string | undefined): InterfaceStatus {
  const { sticky } = port;
  const waiting = port.waitingFor === undefined ? undefined : `Waiting for a back-end at ${port.waitingFor}`;
  const facts = {
    ...port,
    memoryRegions: port.memoryRegions,
    ...{ inForce: sticky?.version, nextStart, peer: sticky ? peerColumn(sticky) : new Map<string, string>() },
    ...{ error: port.error?.code, errorDetail: port.error?.text ?? waiting },
    ...{ offeredFeatures: port.offered, ackedFeatures: port.acked, ackedProtocolFeatures: port.ackedProtocol },
  };
  const kept = {
    negotiated: port.mode === undefined && sticky !== undefined,
    // a back-end that is away has not changed by that
    measured: port.abilities === undefined,
    counted: true,
  };
  const status = STATUS.filter(({ keeps }) => keeps === undefined || !kept[keeps]).map(({ property, of }) => {
    const name = (of ?? property) as InterfaceStatusProperty;
    return [name, facts[name]];
  });
  return Object.fromEntries(status) as InterfaceStatus;
}

const STATUS = Object.values<Column>(INTERFACE).filter(({ role }) => role === 'status');
