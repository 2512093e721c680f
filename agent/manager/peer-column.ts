import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import { type StickyMode, stickyMode } from '../orders/orders.ts';

/** The column `peer` of an interface: the process that holds the mode in force, and the digest of that mode. */
export function peerColumn({ peer, digest }: StickyMode): Map<string, string> {
  const { pid, startTime, bootId, socket } = peer;
  const column = { pid: String(pid), start_time: startTime, boot_id: bootId, digest };
  return new Map(Object.entries(socket === undefined ? column : { ...column, socket }));
}

/** The sticky mode that an earlier agent wrote to the row; undefined when there is none or it cannot be read. */
export function readSticky({ inForce: version, peer: column }: InterfaceRow): StickyMode | undefined {
  const [startTime, bootId, digest] = ['start_time', 'boot_id', 'digest'].map((key) => column.get(key));
  const pid = Number(column.get('pid'));
  if (version === undefined || !Number.isSafeInteger(pid)) return undefined;
  if (startTime === undefined || bootId === undefined || digest === undefined) return undefined;
  const socket = column.get('socket');
  try {
    // any client of the database may have written these
    return stickyMode(
      { version, digest, peer: { pid, startTime, bootId, ...(socket !== undefined && { socket }) } },
      'peer',
    );
  } catch {
    return undefined;
  }
}
