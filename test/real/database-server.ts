import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { needs } from '../peers/needs.ts';
import { type Peer, type Peers, run } from '../peers/process.ts';
import { ROOT } from '../root.ts';

export const SCHEMA_FILE = join(ROOT, 'rpc', 'state', 'vhost-compat.ovsschema');

export function needsDatabaseServer(context: Context): void {
  needs(context, 'ovsdb-server', 'openvswitch-common');
  needs(context, 'ovsdb-tool', 'openvswitch-common');
  needs(context, 'ovsdb-client', 'openvswitch-common');
}

/** Starts a real ovsdb-server that holds an empty database of our schema; returns the remote for clients. */
export async function startDatabaseServer(peers: Peers): Promise<string> {
  return (await databaseServer(peers, peers.folder())).remote;
}

/** The same in a folder of the caller's: again after its end it is another, empty database at the same place. */
export async function databaseServer(peers: Peers, folder: string): Promise<{ remote: string; server: Peer }> {
  const [file, socket] = [join(folder, 'fleet.db'), join(folder, 'fleet.sock')];
  for (const old of [file, socket]) rmSync(old, { force: true });
  await run('ovsdb-tool', ['create', file, SCHEMA_FILE]);
  const remote = `unix:${socket}`;
  const server = peers.start(
    'ovsdb-server',
    [file, `--remote=p${remote}`, `--unixctl=${join(folder, 'ctl')}`, '--no-chdir', '--verbose=console:info'],
    { env: { OVS_RUNDIR: folder, OVS_LOGDIR: folder } },
  );
  // It says so when it listens.
  await server.waitFor(/ovsdb-server \(Open vSwitch\)/);
  return { remote, server };
}
