import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Context } from 'mocha';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Database } from '../../../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { Peers } from '../../../peers/process.ts';
import { RawClient } from '../net/subjects.ts';
import { READ_ONLY_SCHEMA, startReadOnly } from './real-server.ts';

const DB = 'Guarded';
const refused = (op: string): Json => ({
  error: 'not allowed',
  details: `${op} operation not allowed when database server is in read only mode`,
});
const LOCKS = 'lock and unlock methods not allowed, DB server is read only.';

const cases: { title: string; method: string; params: Json[]; result?: Json; error?: Json }[] = [
  ...[
    { op: 'insert', table: 'T', row: {} },
    { op: 'update', table: 'T', where: [], row: { name: 'x' } },
    { op: 'mutate', table: 'T', where: [], mutations: [] },
    { op: 'delete', table: 'T', where: [] },
    { op: 'commit', durable: true },
  ].map((operation) => ({
    title: operation.op,
    method: 'transact',
    params: [DB, operation],
    result: [refused(operation.op)],
  })),
  {
    title: 'a write after a read',
    method: 'transact',
    params: [DB, { op: 'comment', comment: '' }, { op: 'delete', table: 'T', where: [] }, { op: 'abort' }],
    result: [{}, refused('delete'), null],
  },
  {
    title: 'a select',
    method: 'transact',
    params: [DB, { op: 'select', table: 'T', where: [], columns: ['name'] }],
    result: [{ rows: [] }],
  },
  {
    title: 'a wait',
    method: 'transact',
    params: [DB, { op: 'wait', table: 'T', where: [], columns: ['name'], until: '==', rows: [], timeout: 0 }],
    result: [{}],
  },
  { title: 'a monitor', method: 'monitor', params: [DB, null, { T: {} }], result: {} },
  { title: 'lock', method: 'lock', params: ['L'], error: LOCKS },
  { title: 'steal', method: 'steal', params: ['L'], error: LOCKS },
  { title: 'unlock', method: 'unlock', params: ['L'], error: LOCKS },
  { title: 'echo', method: 'echo', params: [1], result: [1] },
];

interface Side {
  readonly name: string;
  start(context: Context, peers: Peers): Promise<string>;
}

async function startOurs(peers: Peers): Promise<{ ro: string; rw: string }> {
  const folder = peers.folder();
  const server = new OvsdbServer();
  const database = Database.open({ file: ':memory:', schema: DatabaseSchema.fromJson(READ_ONLY_SCHEMA) });
  peers.defer(() => database.close());
  peers.defer(() => server.close());
  server.add(database);
  const [rw, ro] = [join(folder, 'rw'), join(folder, 'ro')];
  await server.listen(`punix:${rw}`);
  await server.listen(`punix:${ro}`, { readOnly: true });
  return { ro, rw };
}

const sides: readonly Side[] = [
  { name: 'ovsdb-server', start: (context, peers) => startReadOnly(context, peers) },
  { name: 'our server', start: async (_context, peers) => (await startOurs(peers)).ro },
];

for (const { name, start } of sides) {
  describe(`a read-only remote of ${name}`, () => {
    const peers = new Peers();
    let client: RawClient;
    before(async function () {
      client = await RawClient.open(await start(this, peers));
      peers.defer(() => void client.socket.destroy());
    });
    after(() => peers.end());

    for (const { title, method, params, result, error } of cases) {
      it(`${error === undefined ? 'answers' : 'refuses'} ${title}`, async () => {
        const answer = error === undefined ? { id: 'ask', result: result ?? null, error: null } : { id: 'ask', error };
        assert.deepEqual(await client.ask(method, ...params), answer);
      });
    }
  });
}

describe('beside a read-only remote', () => {
  const peers = new Peers();
  after(() => peers.end());

  it('others write as ever, and its clients see it', async () => {
    const { ro, rw } = await startOurs(peers);
    const [reader, writer] = [await RawClient.open(ro), await RawClient.open(rw)];
    peers.defer(() => void reader.socket.destroy());
    peers.defer(() => void writer.socket.destroy());
    await reader.ask('monitor', DB, 1, { T: { columns: ['name'] } });
    await writer.ask('transact', DB, { op: 'insert', table: 'T', row: { name: 'new' } });
    await reader.ask('echo', 1);
    assert.match(JSON.stringify(reader.messages[1]), /"update".*"new":\{"name":"new"\}/);
  });
});
