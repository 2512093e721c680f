import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { staleNotes } from '../../rpc/state/heartbeat.ts';
import type { HostRow, InterfaceRow, VersionRow } from '../../rpc/state/read-rows.ts';
import { hostName, State, type StateOptions } from '../../rpc/state/state.ts';
import { checkRemote } from './check-remote.ts';
import type { Context } from './context.ts';

/** A database that does not answer within this time is not there, unless --retry says to be patient. */
const CONNECT_MS = 5000;

/** One host of the database, as it is now. */
export interface OpenHost {
  readonly state: State;
  readonly host: HostRow;
  readonly versions: readonly VersionRow[];
  readonly interfaces: readonly InterfaceRow[];
}

/** Opens the database of --db and finds the host of --host; both are closed when the command ends. */
export async function withHost(context: Context): Promise<OpenHost> {
  const state = await openState(context);
  const host = state.host();
  if (host.staleSince !== undefined) {
    const stale = { host: hostName(host), stale_since: new Date(host.staleSince).toISOString() };
    for (const note of staleNotes([stale])) context.note(note);
  }
  return { state, host, versions: state.versions(host), interfaces: state.interfaces(host) };
}

/** Throws VC-DB-CONNECT, VC-DB-SCHEMA. */
export async function openState(context: Context, options: Pick<StateOptions, 'events'> = {}): Promise<State> {
  const { db, tls, retry } = context.options;
  checkRemote(db, tls);
  return context.progress(`connecting to ${db}`, connect(context, options, retry ? undefined : CONNECT_MS));
}

async function connect(
  context: Context,
  options: Pick<StateOptions, 'events'>,
  limitMs: number | undefined,
): Promise<State> {
  const { db, tls, host, retry } = context.options;
  const client = new OvsdbClient(db, { tls, shuffle: true, retry, log: ({ text }) => context.log(text) });
  context.atEnd(() => client.close());
  // one limit for all of it: a server that accepts and then is silent is as good as none
  return within(limitMs, db, async () => {
    try {
      await client.connect(limitMs);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CompatError('VC-DB-CONNECT', reason, { remote: db }, { cause });
    }
    const state = await State.open(client, { ...options, systemId: host, life: true });
    context.atEnd(() => state.close());
    return state;
  });
}

async function within<T>(limitMs: number | undefined, remote: string, work: () => Promise<T>): Promise<T> {
  if (limitMs === undefined) return work();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const text = `Cannot connect to the database at ${remote}: no answer for ${limitMs / 1000} s`;
      reject(new CompatError('VC-DB-CONNECT', text, { remote }));
    }, limitMs);
  });
  try {
    return await Promise.race([work(), over]);
  } finally {
    clearTimeout(timer);
  }
}
