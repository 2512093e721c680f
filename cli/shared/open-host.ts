import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { staleNotes } from '../../rpc/state/heartbeat.ts';
import type { HostRow, InterfaceRow, VersionRow } from '../../rpc/state/read-rows.ts';
import { hostName, State } from '../../rpc/state/state.ts';
import { checkRemote } from './check-remote.ts';
import { reasonOf } from './command-errors.ts';
import { type Context, within } from './context.ts';

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
export async function openState(context: Context, { events = false } = {}): Promise<State> {
  const { db, tls, retry } = context.options;
  checkRemote(db, tls);
  return context.progress(`connecting to ${db}`, connect(context, events, retry ? undefined : CONNECT_MS));
}

async function connect(context: Context, events: boolean, limitMs: number | undefined): Promise<State> {
  const { db, tls, host, retry } = context.options;
  const client = new OvsdbClient(db, { tls, shuffle: true, retry, log: ({ text }) => context.log(text) });
  context.atEnd(() => client.close());
  const open = async () => {
    try {
      await client.connect(limitMs);
    } catch (cause) {
      throw new CompatError('VC-DB-CONNECT', reasonOf(cause), { remote: db }, { cause });
    }
    const state = await State.open(client, { events, systemId: host, life: true });
    context.atEnd(() => state.close());
    return state;
  };
  // one limit for all of it: a server that accepts and then is silent is as good as none
  return within(limitMs, open(), () => {
    const text = `Cannot connect to the database at ${db}: no answer for ${(limitMs ?? 0) / 1000} s`;
    return new CompatError('VC-DB-CONNECT', text, { remote: db });
  });
}
