import assert from 'node:assert/strict';
import { connect as dial, type Socket } from 'node:net';
import type { ServerOptions } from '../../../../rpc/ovsdb/server/ovsdb-server.ts';
import { limitsMistake } from '../../../../rpc/ovsdb/server/server-limits.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, RawClient, until } from '../net/subjects.ts';

describe('limits of the server', () => {
  const peers = new Peers();
  after(() => peers.end());

  const echo = { id: 'ask', result: [1], error: null };

  async function start(options: ServerOptions): Promise<{ server: OurServer; port: number }> {
    const server = new OurServer(peers, options);
    await server.start();
    const { connectTo } = await server.server.listen('ptcp:0');
    return { server, port: Number(connectTo.split(':').at(-1)) };
  }

  async function local(server: OurServer): Promise<RawClient> {
    const client = await RawClient.open(server.path);
    peers.defer(() => void client.socket.destroy());
    return client;
  }

  /** A TCP client that does no more than connect. */
  function knock(port: number, from = '127.0.0.1'): { socket: Socket; ended: Promise<void> } {
    const socket = dial({ port, host: '127.0.0.1', localAddress: from });
    peers.defer(() => void socket.destroy());
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined).resume();
    return { socket, ended };
  }

  it('connections of one remote: the others stay open to theirs', async () => {
    const { server, port } = await start({ limits: { connectionsPerRemote: 2 } });
    const [first, second] = [knock(port), knock(port)];
    await until(() => server.server.connections === 2);
    await knock(port).ended;
    assert.match(server.events.at(-1)?.text ?? '', /client on ptcp:.* refused: 2 are connected on this remote, which/);
    assert.deepEqual(await (await local(server)).ask('echo', 1), echo);
    first.socket.destroy();
    second.socket.destroy();
    await until(() => server.server.connections === 1);
    knock(port);
    await until(() => server.server.connections === 2);
  });

  it('connections of one address: others connect to the same remote', async () => {
    const { server, port } = await start({ limits: { connectionsPerAddress: 2 } });
    const first = knock(port);
    knock(port);
    await until(() => server.server.connections === 2);
    await knock(port).ended;
    assert.match(server.events.at(-1)?.text ?? '', /refused: 2 are connected from this address, which is the limit/);
    knock(port, '127.0.0.2');
    await until(() => server.server.connections === 3);
    first.socket.destroy();
    await until(() => server.server.connections === 2);
    knock(port);
    await until(() => server.server.connections === 3);
  });

  it('a flood of connections: bounded, few lines in the log, and everybody else is served', async () => {
    const { server, port } = await start({ limits: { connectionsPerAddress: 10 } });
    const calm = await local(server);
    const flood = Array.from({ length: 500 }, () => knock(port));
    assert.deepEqual(await calm.ask('echo', 1), echo);
    await Promise.race(flood.map(({ ended }) => ended));
    await until(() => flood.filter(({ socket }) => !socket.destroyed).length === 10);
    assert.equal(server.server.connections, 11);
    assert.deepEqual(await calm.ask('echo', 1), echo);
    const lines = server.events.filter(({ event }) => event === 'client refused').length;
    assert.ok(lines >= 1 && lines < 490, `${lines} lines`);
    for (const { socket } of flood) socket.destroy();
    await until(() => server.server.connections === 1);
    const after = knock(port);
    await until(() => server.server.connections === 2);
    after.socket.destroy();
  });

  it('the log of refused clients: a burst of lines, then the 32nd with the number of those left out', async () => {
    const { server, port } = await start({ limits: { connectionsPerRemote: 1 } });
    knock(port);
    await until(() => server.server.connections === 1);
    for (let client = 0; client < 32; client++) await knock(port).ended;
    const lines = server.events.filter(({ event }) => event === 'client refused');
    assert.equal(lines.length, 21);
    assert.match(lines.at(-1)?.text ?? '', /the limit \(11 more of this kind were not logged\)$/);
  });

  it('operations of a transaction: one more is refused, and the connection stays', async () => {
    const { server } = await start({ limits: { operations: 3 } });
    const client = await local(server);
    const comment = { op: 'comment', comment: '' };
    assert.deepEqual(await client.ask('transact', 'Net', comment, comment, comment), {
      id: 'ask',
      result: [{}, {}, {}],
      error: null,
    });
    assert.deepEqual(await client.ask('transact', 'Net', comment, comment, comment, comment), {
      id: 'ask',
      error: { error: 'resources exhausted', details: 'a transaction may have 3 operations; this one has 4' },
    });
    assert.deepEqual(await client.ask('echo', 1), echo);
  });

  describe('idle peers', () => {
    it('a half-closed one with a wait of its own is let go', async () => {
      const { server, port } = await start({});
      const { socket, ended } = knock(port);
      const wait = { op: 'wait', table: 'Other', where: [], columns: ['name'], until: '==', rows: [{ name: 'never' }] };
      socket.end(JSON.stringify({ id: 1, method: 'transact', params: ['Net', wait] }));
      await ended;
      await until(() => server.server.connections === 0);
    });

    it('one that stops in the middle of a message and answers nothing is dropped over TCP', async () => {
      const { server, port } = await start({ probeIntervalMs: 30 });
      const { socket, ended } = knock(port);
      socket.write('{"id":1,"method":"ec');
      await ended;
      assert.match(server.events.at(-1)?.text ?? '', /no longer answers/);
    });

    it('one over TCP is left alone when probes are off', async () => {
      const { server, port } = await start({ probeIntervalMs: 0 });
      const heard: string[] = [];
      const { socket } = knock(port);
      socket.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
      socket.write('{"id":1,"method":"echo","params":[]}');
      await until(() => heard.length > 0);
      assert.deepEqual(heard, ['{"id":1,"result":[],"error":null}']);
      assert.equal(server.server.connections, 1);
    });
  });

  describe('as they are written down', () => {
    const cases: { title: string; value: Record<string, unknown>; want: RegExp | undefined }[] = [
      { title: 'known ones', value: { connections: 5, depth: 20 }, want: undefined },
      {
        title: 'an unknown one',
        value: { conections: 5 },
        want: /saw the limit "conections"; wanted one of connections, /,
      },
      { title: 'one of every object', value: { constructor: 5 }, want: /saw the limit "constructor"/ },
      {
        title: 'none',
        value: { connections: 0 },
        want: /saw 0 for the limit connections; wanted a whole number of at/,
      },
      { title: 'a text', value: { depth: '20' }, want: /saw "20" for the limit depth/ },
    ];
    for (const { title, value, want } of cases) {
      it(title, () => {
        const mistake = limitsMistake(value);
        if (want === undefined) assert.equal(mistake, undefined);
        else assert.match(mistake ?? '', want);
      });
    }
  });
});
