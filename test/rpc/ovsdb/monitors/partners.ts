/** The servers that the dialogues are held with: ours in this process, and the real ovsdb-server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { eventually, type Peers, run } from '../../../peers/process.ts';
import { ROOT } from '../../../root.ts';
import { open } from '../net/subjects.ts';

export const GOLDEN = join(ROOT, 'test/golden/ovsdb/monitors');
const SCHEMA_FILE = join(GOLDEN, 'mon.ovsschema');

export function monSchema(): DatabaseSchema {
  return DatabaseSchema.fromJson(parseJson64(readFileSync(SCHEMA_FILE, 'utf8')));
}

/** Starts our server with the database `Mon` in memory and gives the path of its socket. */
export async function ourServer(peers: Peers): Promise<string> {
  const path = join(peers.folder(), 'ours.sock');
  const database = Database.open({ file: ':memory:', schema: monSchema() });
  peers.defer(() => database.close());
  const server = new OvsdbServer({
    log: (event) => {
      if (event.level === 'error') throw new Error(event.text);
    },
  });
  peers.defer(() => server.close());
  server.add(database);
  await server.listen(`punix:${path}`);
  return path;
}

/** Starts ovsdb-server with the database `Mon` and gives the path of its socket. */
export async function realServer(peers: Peers): Promise<string> {
  const folder = peers.folder();
  const [file, path] = [join(folder, 'mon.db'), join(folder, 'real.sock')];
  const env = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
  await run('ovsdb-tool', ['create', file, SCHEMA_FILE], { env });
  peers.start('ovsdb-server', [file, `--remote=punix:${path}`, `--unixctl=${join(folder, 'ctl')}`], { env });
  await eventually('the socket of ovsdb-server', async () => {
    const socket = await open(path).catch(() => undefined);
    socket?.destroy();
    return socket !== undefined;
  });
  return path;
}
