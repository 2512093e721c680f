import type { InterfaceStatus, InterfaceStatusProperty } from '../../rpc/state/columns.ts';
import type { Column } from '../../rpc/state/model/column.ts';
import { INTERFACE } from '../../rpc/state/model/interface.ts';
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

/**
 * The status of an interface whose port is alive: each column that rpc/state/model/interface.ts declares gets what stands
 * under its name here, and what it keeps stays as it is in the row. Counters are written along with a change, not here.
 */
export function interfaceStatus(
  port: PortStatus,
  sticky: Sticky | undefined,
  nextStart: string | undefined,
): InterfaceStatus {
  const facts = {
    ...port,
    ...{ inForce: sticky?.version, nextStart, peer: sticky ? peerColumn(sticky) : new Map<string, string>() },
    ...{ error: port.error?.code, errorDetail: port.error?.message },
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

/** The properties of the status, and what each of them keeps. */
const STATUS = Object.values<Column>(INTERFACE)
  .filter(({ role }) => role === 'status')
  .map(({ property, of, keeps }) => [(of ?? property) as InterfaceStatusProperty, keeps] as const);
