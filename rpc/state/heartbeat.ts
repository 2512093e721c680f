import type { Json } from '../json/json-value.ts';
import { OvsdbTransactionError } from '../ovsdb/client/client-errors.ts';
import type { OvsdbClient } from '../ovsdb/client/ovsdb-client.ts';
import { DATABASE } from './schema-file.ts';

/**
 * Whether the agent of a host is alive: Host_Private.heartbeat. It is read once and not monitored, because all agents of a
 * fleet keep writing it.
 */

/** How often an agent writes its heartbeat. */
export const HEARTBEAT_MS = 10_000;
/** An older heartbeat is stale. One may be late, and the clocks of two machines differ. */
const STALE_MS = 3.5 * HEARTBEAT_MS;
/** What a Date can hold (ECMA-262, section 21.4.1.1). */
const MAX_TIME_MS = 8.64e15;

/** How many hosts are named: nobody reads a thousand lines about a fleet that lost its network. */
const NAMED = 5;

/** The last heartbeat of each agent, milliseconds since 1970, by system id. */
export type Heartbeats = ReadonlyMap<string, number>;

/** Empty for a database that has no heartbeats. */
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

/** The heartbeat when it is too old for an agent that runs; else undefined. */
export function staleSince(heartbeat: number | undefined, now = Date.now()): number | undefined {
  if (heartbeat === undefined || heartbeat <= 0 || heartbeat > MAX_TIME_MS) return undefined;
  return now - heartbeat > STALE_MS ? heartbeat : undefined;
}

/** Sentences for the user, who decides whether to trust what is known of these hosts. */
export function staleNotes(hosts: readonly { readonly host: string; readonly stale_since?: string }[]): string[] {
  const notes = hosts.flatMap(({ host, stale_since: since }) =>
    since === undefined ? [] : `the agent of ${host} has given no sign of life since ${since}`,
  );
  const more = notes.length - NAMED;
  const rest = more > 0 ? [`the agents of ${more} more hosts have given no sign of life for a long time`] : [];
  return [...notes.slice(0, NAMED), ...rest].map((text) => `${text}: what is known of it is as old [VC-HOST-STALE]`);
}
