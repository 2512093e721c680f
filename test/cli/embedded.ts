import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeHost } from '../../rpc/fleet/describe-host.ts';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import { loadSchemaText } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import type { Peers } from '../peers/process.ts';
import { type HostFixture, putHosts } from './fixtures.ts';

/** An embedded server with these hosts; returns its remote. */
export async function served(peers: Peers, ...hosts: readonly HostFixture[]): Promise<string> {
  const database = Database.open({ file: ':memory:', schema: DatabaseSchema.fromJson(JSON.parse(loadSchemaText())) });
  const server = new OvsdbServer();
  server.add(database);
  const socket = join(peers.folder(), 'db.sock');
  await server.listen(`punix:${socket}`);
  peers.defer(async () => {
    await server.close();
    database.close();
  });
  await putHosts(`unix:${socket}`, ...hosts);
  return `unix:${socket}`;
}

/** What `describe` prints for a host, in a file. */
export async function described(peers: Peers, host: HostFixture): Promise<string> {
  const state = await State.connect(await served(peers, host));
  try {
    const file = join(peers.folder(), `${host.hostname}.json`);
    writeFileSync(file, JSON.stringify(describeHost(state)));
    return file;
  } finally {
    state.close();
  }
}
