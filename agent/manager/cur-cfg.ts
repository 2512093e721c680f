import type { HostRow } from '../../rpc/state/read-rows.ts';
import type { PendingWrites } from './pending-writes.ts';

/**
 * Writes `cur_cfg`: a client that raised `next_cfg` of the Host row waits until `cur_cfg` has the same value, which says that
 * the agent has applied everything written up to then. `host`: the row from before it was applied. False: something is
 * not written yet, and nobody may believe it applied.
 */
export async function writeCurCfg(
  host: HostRow,
  published: boolean,
  writes: Pick<PendingWrites, 'settled' | 'update'>,
): Promise<boolean> {
  const isWaitedFor = host.nextCfg !== host.curCfg;
  if (published && !isWaitedFor) return true;
  const written = await writes.settled();
  if (!published || !written) return false;
  if (isWaitedFor) writes.update('Host', host.uuid, { cur_cfg: host.nextCfg });
  return true;
}
