import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  OvsdbCallError,
  OvsdbConnectionError,
  OvsdbTimeoutError,
  OvsdbTransactionError,
} from '../../../../rpc/ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { Peers } from '../../../peers/process.ts';
import { SUBJECTS, type TestServer, until } from './subjects.ts';

const QUICK = { firstMs: 10, minMs: 20, maxMs: 40 };
const insert = (name: string): { op: string; table: string; row: { name: string } } => ({
  op: 'insert',
  table: 'Thing',
  row: { name },
});

for (const subject of SUBJECTS) {
  describe(`OvsdbClient with ${subject.name}`, () => {
    const peers = new Peers();
    let server: TestServer;
    let client: OvsdbClient;
    before(async function () {
      subject.require(this);
      server = subject.create(peers);
      await server.start();
      client = new OvsdbClient(server.remote, QUICK);
      peers.defer(() => client.close());
      await client.connect(10_000);
    });
    after(() => peers.end());

    it('calls methods', async () => {
      assert.deepEqual(await client.call('list_dbs', []), ['Net', '_Server']);
      assert.deepEqual(await client.call('echo', [{ a: [null, 'é'] }]), [{ a: [null, 'é'] }]);
    });

    it('rejects a call that the server answers with an error, of whatever shape', async () => {
      await assert.rejects(client.call('frob', []), (error) => {
        assert.ok(error instanceof OvsdbCallError);
        assert.equal(error.answer, 'unknown method');
        assert.equal(error.message, 'Cannot call frob: the server answered unknown method');
        return true;
      });
      await assert.rejects(client.call('get_schema', ['No']), /unknown database: get_schema request specifies unknown/);
    });

    it('gives the results of a transaction', async () => {
      const [inserted, selected] = await client.transact('Net', [
        insert('results'),
        { op: 'select', table: 'Thing', where: [['name', '==', 'results']], columns: ['name', 'number'] },
      ]);
      assert.deepEqual(Object.keys(inserted as object), ['uuid']);
      assert.deepEqual(selected, { rows: [{ name: 'results', number: 0 }] });
    });

    const failures = [
      {
        title: 'an operation',
        operations: [insert('failing'), { op: 'abort' }, insert('never')],
        index: 1,
        error: 'aborted',
        details: 'aborted by request',
      },
      {
        title: 'the commit',
        operations: [insert('twice'), insert('twice')],
        index: 2,
        error: 'constraint violation',
        details: undefined,
      },
    ];
    for (const { title, operations, index, error, details } of failures) {
      it(`rejects a transaction when ${title} fails`, async () => {
        await assert.rejects(client.transact('Net', operations), (seen) => {
          assert.ok(seen instanceof OvsdbTransactionError);
          assert.deepEqual([seen.index, seen.error], [index, error]);
          if (details !== undefined) assert.equal(seen.details, details);
          assert.equal(seen.results.length, 3);
          return true;
        });
      });
    }

    it('keeps 64-bit integers whole, there and back', async () => {
      const numbers = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 9007199254740991];
      for (const number of numbers) {
        const [, selected] = await client.transact('Net', [
          { op: 'insert', table: 'Thing', row: { name: `n${number}`, number } },
          { op: 'select', table: 'Thing', where: [['number', '==', number]], columns: ['number'] },
        ]);
        assert.deepEqual(selected, { rows: [{ number }] });
      }
    });

    it('gives up after a time limit and cancels the transaction', async () => {
      const wait = { op: 'wait', table: 'Other', where: [], columns: ['name'], until: '==', rows: [{ name: 'come' }] };
      await assert.rejects(client.transact('Net', [wait, insert('waited')], 50), OvsdbTimeoutError);
      await client.transact('Net', [{ op: 'insert', table: 'Other', row: { name: 'come' } }]);
      const [selected] = await client.transact('Net', [
        { op: 'select', table: 'Thing', where: [['name', '==', 'waited']] },
      ]);
      assert.deepEqual(selected, { rows: [] });
    });

    it('tells of updates before the answer of the transaction that made them', async () => {
      const seen: string[] = [];
      const note = (method: string): number => seen.push(method);
      client.on('notification', note);
      await client.call('monitor', ['Net', 'order', { Other: { columns: ['name'] } }]);
      await client
        .transact('Net', [{ op: 'insert', table: 'Other', row: { name: 'order' } }])
        .then(() => seen.push('answer'));
      client.off('notification', note);
      await client.call('monitor_cancel', ['order']);
      assert.deepEqual(seen, ['update', 'answer']);
    });

    it('rejects what is on its way when the server goes, and comes back with the server', async () => {
      const wait = { op: 'wait', table: 'Other', where: [], columns: ['name'], until: '==', rows: [{ name: 'never' }] };
      const outcome = assert.rejects(client.transact('Net', [wait]), OvsdbConnectionError);
      await client.call('echo', []); // the transaction has arrived
      await server.stop();
      await outcome;
      assert.equal(client.connected, false);
      await assert.rejects(client.call('echo', []), OvsdbConnectionError);
      const back = new Promise<void>((resolve) => client.once('connected', resolve));
      await server.start();
      await back;
      const [selected] = await client.transact('Net', [
        { op: 'select', table: 'Thing', where: [['name', '==', 'results']], columns: ['name'] },
      ]);
      assert.deepEqual(selected, { rows: [{ name: 'results' }] });
    });

    it('takes the first remote of a list that answers', async () => {
      const list = new OvsdbClient(`unix:${server.path}.none, ${server.remote}`, { reconnect: false });
      await list.connect(10_000);
      assert.deepEqual(await list.call('echo', [1]), [1]);
      list.close();
      await until(() => !list.connected);
    });
  });
}

describe('OvsdbClient with a server that is not there or not well', () => {
  const peers = new Peers();
  let folder: string;
  before(() => {
    folder = peers.folder();
  });
  after(() => peers.end());

  /** A server that does what the test says. */
  async function fake(serve: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      serve(socket);
    });
    peers.defer(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return { port: address.port, server };
  }

  it('names each remote with its reason', async () => {
    const { port, server } = await fake(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const remote = `unix:${join(folder, 'none')},tcp:127.0.0.1:${port}`;
    await assert.rejects(new OvsdbClient(remote).connect(5000), (error) => {
      assert.ok(error instanceof OvsdbConnectionError);
      assert.match(error.message, /Cannot connect to unix:.*none: there is no such socket file.*ENOENT/);
      assert.match(error.message, /Cannot connect to tcp:127\.0\.0\.1:\d+: nobody listens there.*ECONNREFUSED/);
      return true;
    });
  });

  it('tries again until its time is over when told to', async () => {
    const client = new OvsdbClient(`unix:${join(folder, 'late.sock')}`, { ...QUICK, retry: true });
    const server = createServer((socket) => socket.end());
    peers.defer(() => void server.close());
    setTimeout(() => server.listen(join(folder, 'late.sock')), 100);
    await client.connect(30_000);
    client.close();
    await assert.rejects(
      new OvsdbClient(`unix:${join(folder, 'none')}`, { ...QUICK, retry: true }).connect(100),
      OvsdbConnectionError,
    );
  });

  it('stops trying when it is closed', async () => {
    const client = new OvsdbClient(`unix:${join(folder, 'none')}`, { retry: true });
    const outcome = assert.rejects(client.connect(), OvsdbConnectionError);
    setTimeout(() => client.close(), 30);
    await outcome;
    await assert.rejects(client.call('echo', []), /the client is closed/);
  });

  it('leaves a server that sends no messages of JSON-RPC', async () => {
    const { port } = await fake((socket) => socket.write('{"hello":1}'));
    const client = new OvsdbClient(`tcp:127.0.0.1:${port}`, { reconnect: false });
    await client.connect(5000);
    const [reason] = await new Promise<[Error]>((resolve) => client.once('disconnected', (error) => resolve([error])));
    assert.match(
      reason.message,
      /Connection to tcp:127.* ended: Cannot read message: it has the unexpected member "hello"/,
    );
  });

  it('answers probes, and requests that it does not know with an error', async () => {
    const { port } = await fake((socket) => {
      socket.write('{"id":"echo","method":"echo","params":[7]}{"id":[1],"method":"frob","params":[]}');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
        if (text.includes('unknown method')) socket.end(JSON.stringify({ id: null, method: 'seen', params: [text] }));
      });
    });
    const client = new OvsdbClient(`tcp:127.0.0.1:${port}`, { reconnect: false });
    const seen = new Promise((resolve) => client.once('notification', (_method, params) => resolve(params[0])));
    await client.connect(5000);
    assert.equal(await seen, '{"id":"echo","result":[7],"error":null}{"id":[1],"error":"unknown method"}');
    client.close();
  });

  it('asks a silent server over TCP whether it lives, and leaves one that does not answer', async () => {
    let asked = '';
    const { port } = await fake((socket) => socket.on('data', (chunk) => (asked += chunk.toString())));
    const client = new OvsdbClient(`tcp:127.0.0.1:${port}`, { reconnect: false, probeIntervalMs: 30 });
    await client.connect(5000);
    const [reason] = await new Promise<[Error]>((resolve) => client.once('disconnected', (error) => resolve([error])));
    assert.match(reason.message, /no longer answers/);
    assert.equal(asked, '{"id":"echo","method":"echo","params":[]}');
  });

  it('stays with a silent server that answers probes', async () => {
    let probes = 0;
    const { port } = await fake((socket) =>
      socket.on('data', () => {
        probes++;
        socket.write('{"id":"echo","result":[],"error":null}');
      }),
    );
    const client = new OvsdbClient(`tcp:127.0.0.1:${port}`, { reconnect: false, probeIntervalMs: 100 });
    await client.connect(5000);
    await until(() => probes >= 3);
    assert.equal(client.connected, true);
    client.close();
  });
});
