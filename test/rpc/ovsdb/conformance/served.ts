import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { parseJson64 } from '../../../../rpc/json/parse64.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { needs } from '../../../peers/needs.ts';
import type { Peers } from '../../../peers/process.ts';
import { open } from '../net/subjects.ts';

/** Ours and the real one, each of which serves a new database of any schema. */
export interface Maker {
  readonly name: string;
  require(context: Context): void;
  /** The remote at which the server listens when this settles. */
  serve(peers: Peers, schemaFile: string): Promise<string>;
}

export const OURS: Maker = {
  name: 'our server',
  require: () => {},
  serve: async (peers, schemaFile) => {
    const folder = peers.folder();
    const schema = DatabaseSchema.fromJson(parseJson64(readFileSync(schemaFile, 'utf8')));
    const database = Database.open({ file: join(folder, 'served.db'), schema });
    const server = new OvsdbServer();
    server.add(database);
    await server.listen(`punix:${join(folder, 'db.sock')}`);
    peers.defer(async () => {
      await server.close();
      database.close();
    });
    return `unix:${join(folder, 'db.sock')}`;
  },
};

export const REAL: Maker = {
  name: 'ovsdb-server',
  require: (context) => {
    needs(context, 'ovsdb-server', 'openvswitch-switch');
    needs(context, 'ovsdb-tool', 'openvswitch-common');
  },
  serve: async (peers, schemaFile) => {
    const folder = peers.folder();
    const [file, path] = [join(folder, 'served.db'), join(folder, 'db.sock')];
    execFileSync('ovsdb-tool', ['create', file, schemaFile]);
    const server = peers.start('ovsdb-server', [file, `--remote=punix:${path}`, `--unixctl=${join(folder, 'ctl')}`]);
    for (;;) {
      try {
        (await open(path)).destroy();
        return `unix:${path}`;
      } catch (error) {
        if (!server.running) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  },
};
