import { parseEndpoint } from '../../compat-tables/entries/endpoint.ts';
import type { InterfaceStatus, InterfaceStatusProperty } from '../../rpc/state/encode-rows.ts';
import type { Column } from '../../rpc/state/model/column.ts';
import { INTERFACE } from '../../rpc/state/model/interface.ts';
import type { PortStatus } from '../relay/port/port-status.ts';
import { peerColumn, type StickyMode } from './sticky-modes.ts';

/**
 * The status of an interface whose port is alive: each column that rpc/state/model/interface.ts declares gets what stands
 * under its name here, and what it keeps stays as it is in the row. Counters are written along with a change, not here.
 */
export function interfaceStatus(
  port: PortStatus,
  sticky: StickyMode | undefined,
  nextStart: string | undefined,
  backend: string,
): InterfaceStatus {
  const facts = {
    ...port,
    ...{ inForce: sticky?.version, nextStart, peer: sticky ? peerColumn(sticky) : new Map<string, string>() },
    ...{ error: port.error?.code, errorDetail: port.error?.message ?? waitingFor(port, backend) },
    ...{ offeredFeatures: port.offered, ackedFeatures: port.acked, ackedProtocolFeatures: port.ackedProtocol },
  };
  const kept = {
    negotiated: port.mode === undefined && sticky !== undefined,
    // a back-end that is away has not changed by that
    measured: port.abilities === undefined,
    counted: true,
  };
  const status = STATUS.flatMap(([property, keeps]) =>
    keeps !== undefined && kept[keeps] ? [] : [[property, facts[property]]],
  );
  return Object.fromEntries(status) as InterfaceStatus;
}

/** What an interface without a back-end waits for. `backend`: its endpoint, such as `connect:/run/vhu0`. */
function waitingFor({ state }: PortStatus, backend: string): string | undefined {
  if (state !== 'waiting-backend') return undefined;
  const { role, path } = parseEndpoint(backend);
  return role === 'listen'
    ? `No back-end has connected to ${path} yet`
    : `No back-end accepts connections at ${path} yet; the agent keeps trying`;
}

/** The properties of the status, and what each of them keeps. */
const STATUS = Object.values<Column>(INTERFACE)
  .filter(({ role }) => role === 'status')
  .map(({ property, of, keeps }) => [(of ?? property) as InterfaceStatusProperty, keeps] as const);
