import assert from 'node:assert/strict';
import { chmodSync, existsSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { join } from 'node:path';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../../../rpc/ovsdb/client/ovsdb-client.ts';
import { OvsdbServer, type ServerEvent, type ServerOptions } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import type { RunningTransaction, ServedDatabase } from '../../../../rpc/ovsdb/server/served-database.ts';
import { RemoteError } from '../../../../rpc/ovsdb/wire/remotes.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, open, RawClient, until } from './subjects.ts';

describe('OvsdbServer', () => {
  const peers = new Peers();
  after(() => peers.end());

  async function start(options: ServerOptions = {}): Promise<OurServer> {
    const server = new OurServer(peers, options);
    await server.start();
    return server;
  }

  async function connect(path: string): Promise<RawClient> {
    const client = await RawClient.open(path);
    peers.defer(() => void client.socket.destroy());
    return client;
  }

  const echo = { id: 'ask', result: [1], error: null };
  const select: Json = { op: 'select', table: 'Other', where: [] };

  describe('with many clients', () => {
    it('serves 200 at a time', async () => {
      const server = await start();
      const clients = await Promise.all(Array.from({ length: 200 }, () => connect(server.path)));
      const answers = await Promise.all(clients.map((client) => client.ask('echo', 1)));
      assert.deepEqual(
        answers,
        clients.map(() => echo),
      );
      for (const client of clients) client.socket.end();
      await until(() => server.server.connections === 0);
      assert.deepEqual(
        server.events.filter(({ level }) => level !== 'info'),
        [],
      );
    });

    it('refuses those beyond its limit, says so, and takes others when one has gone', async () => {
      const server = await start({ limits: { connections: 2 } });
      const [first, second] = [await connect(server.path), await connect(server.path)];
      assert.deepEqual([await first.ask('echo', 1), await second.ask('echo', 1)], [echo, echo]);
      const third = await connect(server.path);
      await until(() => third.closed);
      assert.match(server.events.at(-1)?.text ?? '', /client on punix:.* refused: 2 are connected, which is the limit/);
      second.socket.destroy();
      await until(() => server.server.connections === 1);
      assert.deepEqual(await (await connect(server.path)).ask('echo', 1), echo);
    });

    it('closes the connection of a client that sends nonsense, and no other', async () => {
      const server = await start({ limits: { messageBytes: 1000, depth: 5 } });
      const good = await connect(server.path);
      const nonsense = [
        'GET / HTTP/1.1\r\n',
        '{"id":1,}',
        `{"a":"${'x'.repeat(1000)}`,
        '{"a":[[[[[',
        Buffer.from('{"id":"\xff"}', 'latin1'),
        '{"method":3,"params":[]}',
      ];
      for (const bytes of nonsense) {
        const bad = await connect(server.path);
        bad.send(bytes);
        await until(() => bad.closed);
        assert.deepEqual(bad.messages, []);
        const { level, text } = server.events.at(-1) ?? {};
        assert.deepEqual([level, /dropped: Cannot read message: /.test(text ?? '')], ['warn', true]);
      }
      assert.deepEqual(await good.ask('echo', 1), echo);
    });

    it('answers what came before nonsense', async () => {
      const client = await connect((await start()).path);
      client.send('{"id":1,"method":"echo","params":[]}{"id":2,"method":"transact","params":["Net"]}]');
      await until(() => client.closed);
      assert.deepEqual(client.messages, [
        { id: 1, result: [], error: null },
        { id: 2, result: [], error: null },
      ]);
    });
  });

  describe('at the end of a connection', () => {
    it('answers what is complete when the client ends its side, then closes', async () => {
      const server = await start();
      const client = await connect(server.path);
      client.socket.end(
        '{"id":1,"method":"transact","params":["Net",{"op":"comment","comment":""}]} {"id":2,"method":"echo","params":[]} {"id":3',
      );
      await until(() => client.closed);
      assert.deepEqual(client.messages, [
        { id: 1, result: [{}], error: null },
        { id: 2, result: [], error: null },
      ]);
    });

    it('forgets waits and releases locks', async () => {
      const server = await start();
      const [gone, stays] = [await connect(server.path), await connect(server.path)];
      assert.deepEqual(await gone.ask('lock', 'L'), { id: 'ask', result: { locked: true }, error: null });
      assert.deepEqual(await stays.ask('lock', 'L'), { id: 'ask', result: { locked: false }, error: null });
      const wait = { op: 'wait', table: 'Other', where: [], columns: ['name'], until: '==', rows: [{ name: 'w' }] };
      gone.send({
        id: 2,
        method: 'transact',
        params: ['Net', wait, { op: 'insert', table: 'Other', row: { name: 'of the dead' } }],
      });
      await gone.ask('echo', 1);
      gone.socket.destroy();
      await until(() => stays.messages.length === 2);
      assert.deepEqual(stays.messages[1], { id: null, method: 'locked', params: ['L'] });
      await stays.ask('transact', 'Net', { op: 'insert', table: 'Other', row: { name: 'w' } });
      const answer = await stays.ask('transact', 'Net', { op: 'select', table: 'Other', where: [], columns: ['name'] });
      assert.deepEqual(answer, { id: 'ask', result: [{ rows: [{ name: 'w' }] }], error: null });
    });
  });

  describe('with a client that does not read', () => {
    /** Never reads: the kernel's buffers fill, then our queue. */
    async function deaf(path: string): Promise<RawClient> {
      const client = await connect(path);
      client.socket.pause();
      return client;
    }

    it('reads no more of its requests, and goes on when it reads', async () => {
      const server = await start();
      const client = await deaf(server.path);
      const other = await connect(server.path);
      const text = 'x'.repeat(10_000);
      const count = 2000; // 20 MB of requests and as many of answers
      for (let id = 1; id <= count; id++) client.send({ id, method: 'echo', params: [text] });
      // The other is served all the while, and what the first has sent stays with it.
      for (let i = 0; i < 20; i++) assert.deepEqual(await other.ask('echo', 1), echo);
      assert.ok(client.socket.writableLength > 0, 'the server has read everything');
      client.socket.resume();
      await until(() => client.messages.length === count);
    });

    it('drops it when updates pile up', async () => {
      const server = await start({ limits: { queuedBytes: 100_000 } });
      const client = await deaf(server.path);
      client.send({ id: 1, method: 'monitor', params: ['Net', null, { Other: {} }] });
      const writer = await connect(server.path);
      await writer.ask('echo', 1);
      for (let i = 0; server.server.connections === 2 && i < 500; i++) {
        await writer.ask('transact', 'Net', { op: 'insert', table: 'Other', row: { name: 'x'.repeat(10_000) } });
      }
      await until(() => server.server.connections === 1);
      assert.match(
        server.events.at(-1)?.text ?? '',
        /dropped: the client does not read: more than 100000 bytes wait for it/,
      );
      assert.deepEqual(await writer.ask('echo', 1), echo);
    });

    it('gives a long answer, longer than the queue may be, to one that reads', async () => {
      const server = await start({ limits: { queuedBytes: 1000 } });
      const client = await connect(server.path);
      const text = 'x'.repeat(3_000_000);
      assert.deepEqual(await client.ask('echo', text), { id: 'ask', result: [text], error: null });
    });
  });

  describe('with a client that wants too much', () => {
    it('gives it no more monitors than the limit', async () => {
      const client = await connect((await start({ limits: { monitors: 1 } })).path);
      await client.ask('monitor', 'Net', 1, {});
      assert.deepEqual(await client.ask('monitor', 'Net', 2, {}), {
        id: 'ask',
        error: { error: 'resources exhausted', details: 'a session may have 1 monitors' },
      });
      await client.ask('monitor_cancel', 1);
      assert.deepEqual(await client.ask('monitor', 'Net', 2, {}), { id: 'ask', result: {}, error: null });
    });

    it('answers a monitor request with too few parameters', async () => {
      const client = await connect((await start()).path);
      const { error } = (await client.ask('monitor', 'Net', 2)) as { error: { error: string } };
      assert.equal(error.error, 'syntax error');
    });

    it('reads nothing new while too many of its transactions wait', async () => {
      const server = await start({ limits: { transactions: 2 } });
      const client = await connect(server.path);
      const other = await connect(server.path);
      const wait = { op: 'wait', table: 'Other', where: [], columns: ['name'], until: '==', rows: [{ name: 'go' }] };
      for (const id of [1, 2]) client.send({ id, method: 'transact', params: ['Net', wait] });
      client.send({ id: 3, method: 'echo', params: [] });
      await other.ask('echo', 1);
      await other.ask('echo', 1);
      assert.deepEqual(client.messages, []);
      await other.ask('transact', 'Net', { op: 'insert', table: 'Other', row: { name: 'go' } });
      await until(() => client.messages.length === 3);
      assert.deepEqual(
        client.messages.map((message) => (message as { id: Json }).id),
        [1, 2, 3],
      );
    });
  });

  describe('over TCP', () => {
    it('takes any free port on 127.0.0.1, and IPv6', async () => {
      const { server } = await start();
      const bound = await server.listen('ptcp:0');
      assert.match(bound.remote, /^ptcp:\d+:127\.0\.0\.1$/);
      const six = await server.listen('ptcp:0:[::1]');
      assert.match(six.connectTo, /^tcp:\[::1\]:\d+$/);
      for (const { connectTo } of [bound, six]) {
        const client = new OvsdbClient(connectTo, { reconnect: false });
        await client.connect(5000);
        assert.deepEqual(await client.call('echo', [1]), [1]);
        client.close();
      }
      await bound.close();
      await assert.rejects(new OvsdbClient(bound.connectTo).connect(5000), /ECONNREFUSED/);
    });

    it('says which remote is taken', async () => {
      const { server } = await start();
      const { remote } = await server.listen('ptcp:0');
      await assert.rejects(
        server.listen(remote),
        (error) => error instanceof RemoteError && /Cannot listen on ptcp:\d+:127.*EADDRINUSE/.test(error.message),
      );
    });

    it('asks silent clients whether they live and keeps those that answer', async () => {
      const { server, events } = await start({ probeIntervalMs: 100 });
      const { connectTo } = await server.listen('ptcp:0');
      const port = Number(connectTo.split(':').at(-1));
      const socket = dial(port, '127.0.0.1');
      peers.defer(() => void socket.destroy());
      let probes = 0;
      socket.on('data', (chunk) => {
        assert.equal(chunk.toString(), '{"id":"echo","method":"echo","params":[]}');
        probes++;
        socket.write('{"id":"echo","result":[],"error":null}');
      });
      await until(() => probes >= 3);
      assert.deepEqual(
        events.filter(({ event }) => event === 'client dropped'),
        [],
      );
    });

    it('drops a client that has vanished', async () => {
      const { server, events } = await start({ probeIntervalMs: 30 });
      const { connectTo } = await server.listen('ptcp:0');
      const socket = dial(Number(connectTo.split(':').at(-1)), '127.0.0.1');
      peers.defer(() => void socket.destroy());
      await until(() => events.some(({ text }) => /no longer answers/.test(text)));
      assert.equal(server.connections, 0);
    });
  });

  describe('and its socket file', () => {
    it('has mode 0660, whatever the umask, and the group that is asked for', async () => {
      const { server } = await start();
      const folder = peers.folder();
      const before = process.umask(0o000);
      try {
        await server.listen(`punix:${join(folder, 'a')}`);
        await server.listen(`punix:${join(folder, 'b')}`, { mode: 0o600, group: process.getgid?.() ?? 0 });
      } finally {
        assert.equal(process.umask(before), 0o000);
      }
      assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o660);
      assert.equal(statSync(join(folder, 'b')).mode & 0o777, 0o600);
    });

    it('goes when the server does', async () => {
      const server = await start();
      assert.ok(existsSync(server.path));
      await server.stop();
      assert.equal(existsSync(server.path), false);
    });

    it('replaces that of a dead server', async () => {
      const path = join(peers.folder(), 'stale');
      // Bound by a name that the closing server does not know, the file stays.
      const dead = createServer();
      await new Promise<void>((resolve) => dead.listen(`${path}.old`, resolve));
      renameSync(`${path}.old`, path);
      await new Promise((resolve) => dead.close(resolve));
      assert.ok(existsSync(path));
      const { server } = await start();
      await server.listen(`punix:${path}`);
      (await open(path)).destroy();
    });

    it('is not taken from a living server', async () => {
      const [one, two] = [await start(), await start()];
      await assert.rejects(two.server.listen(`punix:${one.path}`), (error) => {
        assert.ok(error instanceof RemoteError);
        assert.match(
          error.message,
          /Cannot listen on punix:.*: another process serves this socket; wanted a free path/,
        );
        return true;
      });
      (await open(one.path)).destroy();
    });

    it('is not made of a file of another kind', async () => {
      const path = join(peers.folder(), 'file');
      writeFileSync(path, 'mine');
      chmodSync(path, 0o600);
      const { server } = await start();
      await assert.rejects(server.listen(`punix:${path}`), /the file exists and is not a socket/);
      assert.ok(statSync(path).isFile());
    });

    it('needs a folder', async () => {
      const { server } = await start();
      await assert.rejects(server.listen(`punix:${peers.folder()}/no/db.sock`), RemoteError);
    });
  });

  describe('with a database that fails', () => {
    const broken: ServedDatabase = {
      schema: { name: 'Broken', toJson: () => ({ name: 'Broken', version: '1.0.0', tables: {} }) },
      transact: (): RunningTransaction => ({
        whenDone: (listener) => listener({ error: new Error('secret') }),
        cancel: () => false,
      }),
      flush: () => undefined,
      convert: () => undefined,
      watch: () => {
        throw new Error('secret');
      },
    };

    it('tells the client no more than that, the log everything, and stays', async () => {
      const path = join(peers.folder(), 'db.sock');
      const events: ServerEvent[] = [];
      const server = new OvsdbServer({ log: (event) => events.push(event) });
      peers.defer(() => server.close());
      server.add(broken);
      assert.throws(() => server.add(broken), /Cannot serve database Broken: the server has one of this name/);
      await server.listen(`punix:${path}`);
      const client = await connect(path);
      const answer = { id: 'ask', error: { error: 'internal error' } };
      assert.deepEqual(await client.ask('transact', 'Broken', select), answer);
      assert.deepEqual(await client.ask('monitor', 'Broken', 1, {}), answer);
      assert.deepEqual(await client.ask('echo', 1), echo);
      assert.deepEqual(events.map(({ event, text }) => [event, /secret/.test(text)]).slice(1), [
        ['internal error', true],
        ['internal error', true],
      ]);
    });
  });

  it('closes while clients are connected and do not read', async () => {
    const server = await start();
    const client = await connect(server.path);
    client.socket.pause();
    for (let id = 1; id <= 500; id++) client.send({ id, method: 'echo', params: ['x'.repeat(10_000)] });
    await (await connect(server.path)).ask('echo', 1);
    await server.stop();
    assert.equal(existsSync(server.path), false);
  });
});
