/** ovsdb-server with a TLS remote, or with a remote that may only be read. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import type { Json } from '../../../../rpc/json/json-value.ts';
import type { TlsFiles } from '../../../../rpc/ovsdb/wire/tls-files.ts';
import { needs } from '../../../peers/needs.ts';
import { eventually, type Peer, type Peers } from '../../../peers/process.ts';
import { open, SCHEMA } from '../net/subjects.ts';
import { tlsOptions } from './pki.ts';

function begin(context: Context, peers: Peers, schema: Json, args: (folder: string) => string[]): [Peer, string] {
  needs(context, 'ovsdb-server', 'openvswitch-switch');
  const folder = peers.folder();
  writeFileSync(join(folder, 'schema'), JSON.stringify(schema));
  execFileSync('ovsdb-tool', ['create', join(folder, 'db'), join(folder, 'schema')]);
  const peer = peers.start('ovsdb-server', [`--unixctl=${folder}/ctl`, ...args(folder), join(folder, 'db')]);
  return [peer, folder];
}

export class RealTlsServer {
  readonly remote: string;

  private constructor(remote: string) {
    this.remote = remote;
  }

  static async start(context: Context, peers: Peers, tls: TlsFiles): Promise<RealTlsServer> {
    const [peer] = begin(context, peers, SCHEMA, () => ['--remote=pssl:0:127.0.0.1', ...tlsOptions(tls)]);
    const [, port] = await peer.waitFor(/listening on port (\d+)/);
    return new RealTlsServer(`ssl:127.0.0.1:${port}`);
  }
}

/** Remotes that the database itself names may have the column `read_only` (ovsdb-server(1)). */
export const READ_ONLY_SCHEMA = {
  name: 'Guarded',
  version: '1.0.0',
  tables: {
    Config: {
      isRoot: true,
      columns: { remotes: { type: { key: { type: 'uuid', refTable: 'Remote' }, min: 0, max: 'unlimited' } } },
    },
    Remote: { columns: { target: { type: 'string' }, read_only: { type: 'boolean' } } },
    T: { isRoot: true, columns: { name: { type: 'string' } } },
  },
} satisfies Json;

/** The path of the read-only socket. */
export async function startReadOnly(context: Context, peers: Peers): Promise<string> {
  const [peer, folder] = begin(context, peers, READ_ONLY_SCHEMA, (path) => [
    `--remote=punix:${path}/rw`,
    '--remote=db:Guarded,Config,remotes',
  ]);
  const there = async (path: string): Promise<boolean> =>
    open(path).then(
      (socket) => Boolean(socket.destroy()),
      () => {
        if (!peer.running) throw new Error(peer.tail());
        return false;
      },
    );
  await eventually('the socket of ovsdb-server', () => there(`${folder}/rw`));
  const operations = [
    'Guarded',
    { op: 'insert', table: 'Remote', 'uuid-name': 'r', row: { target: `punix:${folder}/ro`, read_only: true } },
    { op: 'insert', table: 'Config', row: { remotes: ['named-uuid', 'r'] } },
  ];
  execFileSync('ovsdb-client', ['transact', `unix:${folder}/rw`, JSON.stringify(operations)]);
  await eventually('the read-only socket', () => there(`${folder}/ro`));
  return `${folder}/ro`;
}
