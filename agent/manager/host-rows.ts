import { once } from 'node:events';
import { PROGRAM_VERSION } from '../../base/installation.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbTransactionError } from '../../rpc/ovsdb/client/client-errors.ts';
import { encodeHost } from '../../rpc/state/encode-rows.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import type { Config } from '../settings/config.ts';
import type { OpenDatabase } from './database-link.ts';
import { isAboutContent } from './pending-writes.ts';

/** An event that stands in the database. */
export interface StoredEvent {
  readonly uuid: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/**
 * Makes sure that this host has its rows, in a database that may be new, or another one than before; returns its events,
 * the oldest first.
 */
export async function prepareRows(database: OpenDatabase, config: Config, id: string): Promise<StoredEvent[]> {
  const { client } = database;
  const where: Json = [['system_id', '==', id]];
  const facts = hostFacts(database, config, id);
  const life = { system_id: id, pid: process.pid, started: Date.now(), heartbeat: Date.now() };
  const results = await client.transact(DATABASE, [
    { op: 'update', table: 'Host', where, row: facts },
    { op: 'update', table: 'Host_Private', where, row: life },
    { op: 'select', table: 'Event', where, columns: ['_uuid', 'time'] },
  ]);
  const missing: Json[] = [];
  if (count(results[0]) === 0) missing.push({ op: 'insert', table: 'Host', row: facts });
  if (count(results[1]) === 0) missing.push({ op: 'insert', table: 'Host_Private', row: life });
  if (missing.length > 0) await client.transact(DATABASE, missing);
  return eventsIn(results[2]);
}

/**
 * The same at the start, which no database ends that only takes no writes now; see `OpenDatabase.tookNothing`. Undefined: to
 * be tried again.
 */
export async function prepareAtStart(
  database: OpenDatabase,
  config: Config,
  id: string,
): Promise<StoredEvent[] | undefined> {
  try {
    return await prepareRows(database, config, id);
  } catch (error) {
    if (!(error instanceof OvsdbTransactionError) || isAboutContent(error) || error.error === 'not allowed')
      throw error;
    if (!database.tookNothing(error)) return undefined;
    await once(database.client, 'connected');
    return await prepareRows(database, config, id);
  }
}

/** The columns of the Host row that do not change while an agent runs with its database. */
export function hostFacts({ trouble }: Pick<OpenDatabase, 'trouble'>, { hostname }: Config, systemId: string): Columns {
  return encodeHost({
    ...{ systemId, hostname, agentVersion: PROGRAM_VERSION },
    // never in a file: it ends with the memory that it is written to
    ...(trouble && { problems: new Map([[trouble.code, trouble.message]]) }),
  });
}

function count(result: Json | undefined): number {
  return typeof result === 'object' && result !== null && 'count' in result ? Number(result['count']) : 0;
}

function eventsIn(result: Json | undefined): StoredEvent[] {
  if (typeof result !== 'object' || result === null || !('rows' in result) || !Array.isArray(result['rows'])) return [];
  const rows = result['rows'] as { _uuid: [string, string]; time: number }[];
  return rows
    .map((row) => ({ uuid: row._uuid[1], time: row.time }))
    .toSorted((a, b) => a.time - b.time || (a.uuid < b.uuid ? -1 : 1));
}
