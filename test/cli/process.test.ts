import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { extname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { DATABASE, schemaFile } from '../../rpc/state/schema-file.ts';
import { eventually, Peers } from '../peers/process.ts';

// compiled tests run the compiled program, tests from source the source
const MAIN = join(import.meta.dirname, `../../cli/main${extname(import.meta.filename)}`);
const NODE_ARGS = [...process.execArgv.filter((word) => word.includes('tsx')), MAIN];
if (extname(MAIN) === '.ts' && !NODE_ARGS.some((word) => word.includes('tsx'))) NODE_ARGS.unshift('--import=tsx');

function shell(command: string, env: Record<string, string> = {}) {
  const program = [process.execPath, ...NODE_ARGS].map((word) => `'${word}'`).join(' ');
  const { status, stdout, stderr } = spawnSync(
    '/bin/bash',
    ['-o', 'pipefail', '-c', command.replaceAll('VC', program)],
    {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    },
  );
  return { status, stdout, stderr };
}

describe('vhost-compat as a process', () => {
  const peers = new Peers();
  afterEach(() => peers.end());

  const exits: { title: string; command: string; status: number; stderr: RegExp }[] = [
    { title: '0 when done', command: 'VC decode 0x1', status: 0, stderr: /^$/ },
    { title: '1 when it failed', command: 'VC matrix /nonexistent.json', status: 1, stderr: /VC-DOCUMENT/ },
    { title: '2 for a usage error', command: 'VC decode', status: 2, stderr: /VC-USAGE/ },
    {
      title: '4 when nobody listens',
      command: 'VC -d unix:/nonexistent list-versions',
      status: 4,
      stderr: /VC-DB-CONNECT/,
    },
    {
      title: '4 when the port is closed',
      command: 'VC -d tcp:127.0.0.1:1 list-versions',
      status: 4,
      stderr: /VC-DB-CONNECT/,
    },
    {
      title: '1 when the disk is full',
      command: 'VC decode 0x1 > /dev/full',
      status: 1,
      stderr: /Cannot write the output/,
    },
    {
      title: '0 when the reader has seen enough',
      command: 'VC decode 0xffffffffffffffff -f json | true',
      status: 0,
      stderr: /^$/,
    },
  ];
  for (const { title, command, status, stderr } of exits) {
    it(`ends with ${title}`, () => {
      const outcome = shell(command);
      assert.equal(outcome.status, status, outcome.stderr);
      assert.match(outcome.stderr, stderr);
    });
  }

  it('gives up a database that accepts and is silent, however long --timeout is', async () => {
    const path = join(peers.folder(), 'silent.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    peers.defer(() => void server.close());
    server.on('connection', (socket) => peers.defer(() => void socket.destroy()));
    const child = peers.start(process.execPath, [...NODE_ARGS, '-d', `unix:${path}`, '-t', '60', 'list-versions']);
    await child.ended;
    assert.equal(child.ending, 'ended with status 4');
    assert.match(child.output, /no answer for 5 s \[VC-DB-CONNECT\]/);
  });

  it('serve-db creates a database, serves it on every remote, and ends cleanly on SIGTERM', async () => {
    const folder = peers.folder();
    const file = join(folder, 'x.db');
    const [a, b] = [`${folder}/a`, `${folder}/b`];
    const args = ['serve-db', file, '--schema', schemaFile(), '--remote', `punix:${a}`, '--remote', `punix:${b}`];
    const child = peers.start(process.execPath, [...NODE_ARGS, ...args]);
    await child.waitFor(/^serving Vhost_Compat on /m);
    for (const path of [a, b]) {
      const client = new OvsdbClient(`unix:${path}`, { reconnect: false });
      await client.connect(5000);
      assert.ok(Array.isArray(await client.call('list_dbs', [])));
      await client.transact(DATABASE, [{ op: 'insert', table: 'Host', row: { system_id: path } }]);
      client.close();
    }
    await child.stop();
    assert.equal(child.ending, 'ended with status 0');
    assert.ok(existsSync(file));
    assert.ok(!existsSync(a), 'the socket is gone');
  });

  it('serve-db follows the schema in its file, which a client may have converted to a newer one', async () => {
    const folder = peers.folder();
    const [file, socket] = [join(folder, 'x.db'), `${folder}/s`];
    const args = ['serve-db', file, '--schema', schemaFile(), '--remote', `punix:${socket}`];
    const schema = JSON.parse(readFileSync(schemaFile(), 'utf8')) as { version: string; tables: Record<string, Json> };
    const newer = {
      ...schema,
      version: '9.0.0',
      tables: { ...schema.tables, Later: { columns: { x: { type: 'string' } } } },
    };
    for (const expected of ['9.0.0', '9.0.1', '9.0.1']) {
      const child = peers.start(process.execPath, [...NODE_ARGS, ...args]);
      await child.waitFor(/^serving Vhost_Compat on /m);
      const client = new OvsdbClient(`unix:${socket}`, { reconnect: false });
      await client.connect(5000);
      await client.call('convert', [DATABASE, { ...newer, version: expected } as Json]);
      client.close();
      await child.stop();
      assert.equal(child.ending, 'ended with status 0');
    }
    const child = peers.start(process.execPath, [...NODE_ARGS, ...args]);
    await child.waitFor(/^following the schema in .*x\.db/m);
    const client = new OvsdbClient(`unix:${socket}`, { reconnect: false });
    await client.connect(5000);
    assert.equal(((await client.call('get_schema', [DATABASE])) as { version: string }).version, '9.0.1');
    client.close();
  });

  it('serve-db says without --verbose whom it drops or refuses, and what the disk does not take', async () => {
    const folder = peers.folder();
    const [file, socket] = [join(folder, 'x.db'), `${folder}/s`];
    const args = [
      'serve-db',
      file,
      '--schema',
      schemaFile(),
      '--remote',
      `punix:${socket}`,
      '--limit',
      'connections=1',
    ];
    const child = peers.start(process.execPath, [...NODE_ARGS, ...args]);
    await child.waitFor(/^serving Vhost_Compat on /m);
    const client = new OvsdbClient(`unix:${socket}`, { reconnect: false });
    await client.connect(5000);
    connect(socket).on('error', () => undefined);
    await child.waitFor(/^vhost-compat: client on punix:.* refused: 1 are connected, which is the limit$/m);
    const editor = new Sqlite(file);
    editor.exec('DELETE FROM Host');
    editor.exec("INSERT INTO _meta VALUES ('x', 'y')");
    editor.close();
    const insert = { op: 'insert', table: 'Host', row: { system_id: 'a' } };
    await assert.rejects(client.transact(DATABASE, [insert]), /I\/O error/);
    await child.waitFor(/^vhost-compat: transaction failed: cannot write to .*x\.db: another program changed it/m);
    client.close();
    await eventually('the line', async () => {
      const nonsense = connect(socket);
      nonsense.on('error', () => undefined).on('connect', () => nonsense.write('nonsense'));
      await new Promise((resolve) => nonsense.once('close', resolve));
      return /client on punix:.* dropped: Cannot read message: saw byte 0x6e/.test(child.output);
    });
    assert.doesNotMatch(child.output, /listening/);
    await child.stop();
  });

  it('serve-db says what it cannot open or bind, with exit 2', () => {
    const folder = peers.folder();
    const options = `--schema ${schemaFile()} --remote punix:${folder}/s`;
    const notSqlite = shell(`VC serve-db ${schemaFile()} ${options}`);
    assert.equal(notSqlite.status, 2);
    assert.match(notSqlite.stderr, /vhost-compat\.ovsschema.*\[VC-CONFIG\]/);
    const noFolder = shell(`VC serve-db ${folder}/x.db --schema ${schemaFile()} --remote punix:${folder}/none/s`);
    assert.equal(noFolder.status, 2);
    assert.match(noFolder.stderr, /none\/s.*\[VC-CONFIG\]/);
  });

  it('serve-db refuses a schema that is none, with exit 2 and the file', () => {
    const schema = join(import.meta.dirname, 'process.test').concat(extname(import.meta.filename));
    const { status, stderr } = shell(`VC serve-db /nonexistent/x --schema ${schema} --remote punix:/tmp/x`);
    assert.equal(status, 2);
    assert.match(stderr, /Cannot read schema .*process\.test.*wanted a database schema.*\[VC-CONFIG\]/);
  });
});
