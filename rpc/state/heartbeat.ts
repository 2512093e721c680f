import type { Json } from '../json/types.ts';
import type { OvsdbClient } from '../ovsdb/client/client.ts';
import { OvsdbTransactionError } from '../ovsdb/client/client-errors.ts';
import { DATABASE } from './schema-file.ts';

/**
 * Whether the agent of a host is alive: Host_Private.heartbeat. It is asked for once and never followed, because a fleet's
 * agents all write it all the time.
 */

/** How often an agent writes it. */
export const HEARTBEAT_MS = 10_000;
/** One beat may be late, and the clocks of two machines differ. */
const STALE_MS = 3.5 * HEARTBEAT_MS;
/** What a Date can hold (ECMA-262, section 21.4.1.1). */
const MAX_TIME_MS = 8.64e15;

/** Of a fleet that lost its network nobody reads a thousand lines. */
const NAMED = 5;

/** The last sign of life of each agent, milliseconds since 1970, by system id. */
export type Heartbeats = ReadonlyMap<string, number>;

/** Of a database without them, none. */
export async function readHeartbeats(client: OvsdbClient): Promise<Heartbeats> {
  const select: Json = { op: 'select', table: 'Host_Private', where: [], columns: ['system_id', 'heartbeat'] };
  try {
    const [result] = await client.transact(DATABASE, [select]);
    const { rows = [] } = result as { readonly rows?: readonly { system_id: string; heartbeat: number | bigint }[] };
    return new Map(rows.map(({ system_id, heartbeat }) => [system_id, Number(heartbeat)]));
  } catch (error) {
    if (error instanceof OvsdbTransactionError) return new Map();
    throw error;
  }
}

/** When the agent gave its last sign of life, when that is too long ago for one that runs; else undefined. */
export function staleSince(heartbeat: number | undefined, now = Date.now()): number | undefined {
  if (heartbeat === undefined || heartbeat <= 0 || heartbeat > MAX_TIME_MS) return undefined;
  return now - heartbeat > STALE_MS ? heartbeat : undefined;
}

/** For people, who decide whether they believe what is known of the hosts. */
export function staleNotes(hosts: readonly { readonly host: string; readonly stale_since?: string }[]): string[] {
  const notes = hosts.flatMap(({ host, stale_since: since }) =>
    since === undefined ? [] : `the agent of ${host} has given no sign of life since ${since}`,
  );
  const more = notes.length - NAMED;
  const rest = more > 0 ? [`the agents of ${more} more hosts have given no sign of life for long`] : [];
  return [...notes.slice(0, NAMED), ...rest].map((text) => `${text}: what is known of it is as old [VC-HOST-STALE]`);
}
