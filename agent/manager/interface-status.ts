import type { InterfaceStatus } from '../../rpc/state/columns.ts';
import type { InterfaceRow } from '../../rpc/state/rows.ts';
import type { PeerIdentity } from '../fd/peer.ts';
import type { PortStatus } from '../relay/port/port-status.ts';
import type { Sticky } from './modes.ts';

/** How a port and its sticky mode stand in the database, and how a sticky mode is read back after a restart. Pure. */

export function peerColumn(sticky: Sticky): Map<string, string> {
  const { peer, digest } = sticky;
  const column = new Map([
    ['pid', String(peer.pid)],
    ['start_time', peer.startTime],
    ['boot_id', peer.bootId],
    ['digest', digest],
  ]);
  if (peer.socket !== undefined) column.set('socket', peer.socket);
  return column;
}

/** The mode that a front-end got in an earlier life of the agent; undefined when there was none or it cannot be told. */
export function readSticky(row: InterfaceRow): Sticky | undefined {
  const pid = Number(row.peer.get('pid'));
  const startTime = row.peer.get('start_time');
  const bootId = row.peer.get('boot_id');
  const digest = row.peer.get('digest');
  if (
    row.inForce === undefined ||
    !Number.isSafeInteger(pid) ||
    startTime === undefined ||
    bootId === undefined ||
    digest === undefined
  )
    return undefined;
  const socket = row.peer.get('socket');
  const peer: PeerIdentity = { pid, startTime, bootId, ...(socket === undefined ? {} : { socket }) };
  return { version: row.inForce, digest, peer };
}

/** The status columns of a row whose port is alive. */
export function portStatus(
  port: PortStatus,
  sticky: Sticky | undefined,
  nextStart: string | undefined,
): InterfaceStatus {
  return {
    state: port.state,
    inForce: sticky?.version,
    nextStart,
    peer: sticky ? peerColumn(sticky) : new Map(),
    error: port.error?.code,
    errorDetail: port.error?.message,
    since: port.since,
    // What was measured stays until something else is measured: a back-end that is away has not changed by that.
    ...(port.abilities ? { abilities: port.abilities } : {}),
    ...negotiation(port, sticky),
  };
}

/** What was negotiated stays in sight while the front-end process lives, also between two of its connections. */
function negotiation(port: PortStatus, sticky: Sticky | undefined): InterfaceStatus {
  if (port.mode === undefined && sticky !== undefined) return {};
  return {
    offeredFeatures: port.offered,
    ackedFeatures: port.acked,
    ackedProtocolFeatures: port.ackedProtocol,
    queuePairs: port.queuePairs,
    ringSizes: port.ringSizes,
  };
}
