import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import type { TlsFiles } from '../../rpc/ovsdb/wire/tls-files.ts';
import { loadSchemaText, schemaFile } from '../../rpc/state/schema-file.ts';
import { needs } from '../peers/needs.ts';
import { Peers } from '../peers/process.ts';
import { Pki, tlsOptions } from '../rpc/ovsdb/remotes/pki.ts';
import { NEW_HOST, OLD_HOST, putHosts } from './fixtures.ts';
import { type CliOutcome, cli } from './run-cli.ts';

describe('vhost-compat over TLS', () => {
  const peers = new Peers();
  let pki: Pki;
  let ours: TlsFiles;
  let folder = '';
  before(function () {
    needs(this, 'openssl', 'openssl');
    folder = peers.folder();
    pki = new Pki(folder);
    ours = pki.issue('node');
  });
  after(() => peers.end());

  async function serve(): Promise<string> {
    const database = Database.open({ file: ':memory:', schema: DatabaseSchema.fromJson(JSON.parse(loadSchemaText())) });
    const server = new OvsdbServer();
    peers.defer(() => database.close());
    peers.defer(() => server.close());
    server.add(database);
    const local = `${peers.folder()}/db.sock`;
    await server.listen(`punix:${local}`);
    await putHosts(`unix:${local}`, OLD_HOST, NEW_HOST);
    return (await server.listen('pssl:0:127.0.0.1', { tls: ours })).connectTo;
  }

  it('reads and selects', async () => {
    const remote = await serve();
    const all = await cli([...tlsOptions(ours), '-d', remote, '--host', OLD_HOST.hostname, 'list-versions']);
    assert.equal(all.exit, 0, all.stderr);
    assert.match(all.stdout, /VERSION/);
    const hosts = [OLD_HOST, NEW_HOST].map(({ hostname }) => `host:${hostname}`);
    const chosen = await cli(['-d', remote, 'select', ...hosts, ...tlsOptions(ours)]);
    assert.equal(chosen.exit, 0, chosen.stderr);
  });

  const wrong: { title: string; args: () => string[]; exit: number; want: RegExp }[] = [
    {
      title: 'ssl: without files',
      args: () => ['-d', 'ssl:127.0.0.1:1', 'list-versions'],
      exit: 2,
      want: /Cannot use ssl:127\.0\.0\.1:1: saw no TLS files; wanted --private-key, --certificate and --ca-cert \[VC-USAGE\]/,
    },
    {
      title: 'an ssl: target without files',
      args: () => ['select', 'ssl:127.0.0.1:1', 'ssl:127.0.0.1:2'],
      exit: 2,
      want: /Cannot use ssl:127\.0\.0\.1:1: saw no TLS files/,
    },
    {
      title: 'one file of three',
      args: () => ['-p', ours.privateKey, 'list-versions'],
      exit: 2,
      want: /Cannot use TLS: saw no --certificate and no --ca-cert; wanted --private-key, --certificate and --ca-cert together \[VC-USAGE\]/,
    },
    {
      title: 'a key that cannot be read',
      args: () => ['-d', 'ssl:h', ...tlsOptions({ ...ours, privateKey: '/nonexistent' }), 'list-versions'],
      exit: 2,
      want: /Cannot read private key \/nonexistent: ENOENT.*\[VC-CONFIG\]/,
    },
    {
      title: 'a server without a listener',
      args: () => ['-d', 'ssl:127.0.0.1:1', ...tlsOptions(ours), 'list-versions'],
      exit: 4,
      want: /nobody listens there.*\[VC-DB-CONNECT\]/,
    },
    {
      title: 'serve-db on pssl: without files',
      args: () => ['serve-db', join(folder, 'x'), '--schema', schemaFile(), '--remote', 'pssl:0'],
      exit: 2,
      want: /Cannot use pssl:0:0\.0\.0\.0: saw no TLS files/,
    },
    {
      title: 'serve-db with an unknown limit',
      args: () => ['serve-db', 'x', '--schema', schemaFile(), '--remote', 'ptcp:0', '--limit', 'clients=5'],
      exit: 2,
      want: /Cannot read --limit: saw the limit "clients"; wanted one of connections,/,
    },
    {
      title: 'serve-db with a mode that is none',
      args: () => ['serve-db', 'x', '--schema', schemaFile(), '--remote', 'ptcp:0', '--socket-mode', '888'],
      exit: 2,
      want: /Cannot read --socket-mode: saw "888"; wanted an octal number up to 777/,
    },
  ];
  for (const { title, args, exit, want } of wrong) {
    it(`refuses ${title}`, async () => {
      const outcome = await cli(args());
      assert.match(outcome.stderr, want);
      assert.equal(outcome.exit, exit);
    });
  }

  it('serve-db serves stock clients over TLS and a read-only socket, with mode, group and limits', async function () {
    needs(this, 'ovsdb-client', 'openvswitch-common');
    const [rw, ro] = [join(folder, 'rw'), join(folder, 'ro')];
    let stop = (_signal: string): void => {};
    const interrupted = new Promise<string>((resolve) => {
      stop = resolve;
    });
    let running: Promise<CliOutcome> | undefined;
    const said = new Promise<string>((resolve) => {
      const serveArgs = ['serve-db', join(folder, 'served.db'), '--schema', schemaFile(), '--remote', `punix:${rw}`];
      const more = ['--remote', 'pssl:0:127.0.0.1', '--remote-ro', `punix:${ro}`, '--socket-mode', '640'];
      const last = [
        '--socket-group',
        String(process.getgid?.() ?? 0),
        '--limit',
        'operations=1',
        '--inactivity-probe',
        '0',
      ];
      running = cli([...serveArgs, ...more, ...last, ...tlsOptions(ours)], { interrupted, onStderr: resolve });
    });
    const text = await said;
    try {
      const [, port = ''] = /pssl:(\d+):127\.0\.0\.1/.exec(text) ?? [];
      assert.match(text, new RegExp(`punix:${ro} \\(read-only\\)`));
      for (const path of [rw, ro]) assert.equal(statSync(path).mode & 0o777, 0o640);
      const client = new OvsdbClient(`ssl:127.0.0.1:${port}`, { tls: ours, reconnect: false });
      await client.connect(5000);
      const insert = { op: 'insert', table: 'Host', row: { system_id: 'x' } };
      await client.transact('Vhost_Compat', [insert]);
      await assert.rejects(client.transact('Vhost_Compat', [insert, insert]), /may have 1 operations/);
      client.close();
      const reader = new OvsdbClient(`unix:${ro}`, { reconnect: false });
      await reader.connect(5000);
      await assert.rejects(
        reader.transact('Vhost_Compat', [insert]),
        /not allowed when database server is in read only/,
      );
      reader.close();
    } finally {
      stop('SIGTERM');
    }
    assert.equal((await running)?.exit, 0);
    assert.equal(spawnSync('ls', [ro]).status, 2, 'the socket is gone');
  });
});
