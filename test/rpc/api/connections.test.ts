import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { ApiClient, ApiError } from '../../../rpc/api/api-client.ts';
import type { ApiConnection } from '../../../rpc/api/api-connection.ts';
import { EventSubscriptions } from '../../../rpc/api/event-subscriptions.ts';
import type { EventJson, Handlers } from '../../../rpc/api/methods.ts';
import { ApiBench, ask } from './harness.ts';

/** Handlers for events, and the way to make one happen. */
function eventHandlers() {
  let tell: (event: EventJson) => void = () => assert.fail('nobody listens');
  const subscriptions = new EventSubscriptions((listener) => {
    tell = listener;
    return () => undefined;
  });
  const handlers: Partial<Handlers<ApiConnection>> = {
    'events.subscribe': (filter, connection) => ({ subscription: subscriptions.add(connection, filter) }),
    'events.unsubscribe': ({ subscription }, connection) => ({ ended: subscriptions.remove(connection, subscription) }),
  };
  return { handlers, tell: (event: EventJson) => tell(event) };
}

function event(name: string, kind: string, text = ''): EventJson {
  return { host: 'h', interface: name, time: 1, kind, text, details: {} };
}

const isError = (code: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CompatError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  return true;
};

describe('management API, connections', () => {
  const bench = new ApiBench();
  after(() => bench.end());

  it('gives typed results and typed errors', async () => {
    const path = await bench.serve({
      'features.decode': ({ mask }) => ({ mask, bits: [] }),
      'interfaces.pin': ({ version }) => {
        throw new CompatError('VC-VERSION-UNKNOWN', `Cannot find version "${version}"`, { version });
      },
    });
    const client = await ApiClient.connect(path);
    assert.equal((await client.call('features.decode', { mask: '0x1' })).mask, '0x1');
    await assert.rejects(client.call('interfaces.pin', { name: 'v', version: 'x' }), (error: unknown) => {
      assert.equal((error as CompatError).details.version, 'x');
      return isError('VC-VERSION-UNKNOWN', /Cannot find version "x"/)(error);
    });
    await assert.rejects(
      client.call('interfaces.pin', { name: 'v' } as never),
      isError('VC-API-PARAMS', /params.version/),
    );
    await assert.rejects(client.call('no.such' as 'host.describe', {}), ApiError);
    await client.close();
    await assert.rejects(client.call('features.decode', { mask: '0x1' }), isError('VC-API-CONNECT', /has ended/));
  });

  it('gives up after the time of the caller, and goes on with the next call', async () => {
    const path = await bench.serve({
      'host.describe': () => new Promise(() => undefined),
      'features.decode': ({ mask }) => ({ mask, bits: [] }),
    });
    const client = await ApiClient.connect(path);
    await assert.rejects(
      client.call('host.describe', {}, { timeoutMs: 20 }),
      isError('VC-TIMEOUT', /no answer within 20 ms/),
    );
    assert.equal((await client.call('features.decode', { mask: '0x2' })).mask, '0x2');
    await client.close();
  });

  it('rejects calls on their way when the server ends', async () => {
    const server = bench.server({ 'host.describe': () => new Promise(() => undefined) });
    const path = join(bench.folder, 'ends.sock');
    await server.listen(path);
    const client = await ApiClient.connect(path);
    let closed = false;
    client.onClose(() => {
      closed = true;
    });
    const call = client.call('host.describe', {});
    const rejected = assert.rejects(call, isError('VC-API-CONNECT', /has ended/));
    await server.close();
    await rejected;
    assert.equal(closed, true);
    assert.equal(existsSync(path), false);
  });

  it('closes although a client neither asks for its upgrade nor answers the goodbye', async () => {
    const server = bench.server({});
    const path = join(bench.folder, 'mute.sock');
    await server.listen(path);
    const mute = connect(path);
    await once(mute, 'connect');
    const deaf = await bench.raw(path);
    deaf.pause();
    const gone = once(mute, 'close');
    await server.close();
    await gone;
    assert.equal(server.connections, 0);
    assert.equal(existsSync(path), false);
  });

  it('says where it could not connect', async () => {
    await assert.rejects(
      ApiClient.connect(join(bench.folder, 'none.sock')),
      isError('VC-API-CONNECT', /none\.sock.*ENOENT/),
    );
  });

  for (const name of ['a b', 'a:b', 'a?b', 'a%20b', 'a#b', 'ä'])
    it(`finds a socket in a folder named "${name}"`, async () => {
      const server = bench.server({ 'features.decode': ({ mask }) => ({ mask, bits: [] }) });
      mkdirSync(join(bench.folder, name));
      const path = join(bench.folder, name, 'api.sock');
      await server.listen(path);
      const client = await ApiClient.connect(path);
      assert.equal((await client.call('features.decode', { mask: '0x1' })).mask, '0x1');
      await client.close();
    });

  it('takes an empty path for none, not for a port', async () => {
    await assert.rejects(ApiClient.connect(''), isError('VC-API-CONNECT', /saw an empty path/));
  });

  it('delivers events to those who subscribed, filtered, until they unsubscribe', async () => {
    const { handlers, tell } = eventHandlers();
    const path = await bench.serve({ ...handlers, 'features.decode': ({ mask }) => ({ mask, bits: [] }) });
    const [one, other] = await Promise.all([ApiClient.connect(path), ApiClient.connect(path)]);
    const seen: string[] = [];
    one.on('events.event', ({ subscription, event }) => seen.push(`${subscription} ${event.interface} ${event.kind}`));
    other.on('events.event', () => seen.push('other'));
    const all = (await one.call('events.subscribe', {})).subscription;
    const some = (await one.call('events.subscribe', { interface: 'vhu0', kinds: ['pin', 'refused'] })).subscription;
    tell(event('vhu0', 'pin'));
    tell(event('vhu1', 'pin'));
    tell(event('vhu0', 'negotiated'));
    assert.deepEqual(await one.call('events.unsubscribe', { subscription: all }), { ended: true });
    assert.deepEqual(await other.call('events.unsubscribe', { subscription: some }), { ended: false });
    tell(event('vhu0', 'refused'));
    // Messages of one connection keep their order, so this answer comes after all events.
    await one.call('features.decode', { mask: '0x1' });
    assert.deepEqual(seen, [
      `${all} vhu0 pin`,
      `${some} vhu0 pin`,
      `${all} vhu1 pin`,
      `${all} vhu0 negotiated`,
      `${some} vhu0 refused`,
    ]);
    await Promise.all([one.close(), other.close()]);
    tell(event('vhu0', 'refused')); // to nobody, and nothing breaks
  });

  it('refuses subscriptions without end on one connection', async () => {
    const client = await ApiClient.connect(await bench.serve(eventHandlers().handlers));
    const calls = Array.from({ length: 100 }, () => client.call('events.subscribe', {}));
    assert.equal(new Set((await Promise.all(calls)).map(({ subscription }) => subscription)).size, 100);
    await assert.rejects(client.call('events.subscribe', {}), isError('VC-API-PARAMS', /has 100 subscriptions/));
    await client.close();
  });

  it('ends its connection to a server that does not speak JSON', async () => {
    const path = join(bench.folder, 'foreign.sock');
    const http = createHttpServer().listen(path);
    const foreign = new WebSocketServer({ server: http });
    foreign.on('connection', (socket) => socket.on('message', () => socket.send('hello')));
    const client = await ApiClient.connect(path);
    await assert.rejects(client.call('host.describe', {}), isError('VC-API-CONNECT', /has ended/));
    foreign.close();
    http.close();
  });

  it('drops a client that does not read its events, and serves the others', async () => {
    const { handlers, tell } = eventHandlers();
    const path = await bench.serve(handlers, { limits: { maxBufferedBytes: 64 * 1024 } });
    const slow = await bench.raw(path);
    await ask(slow, '{"jsonrpc":"2.0","id":1,"method":"events.subscribe"}');
    const good = await ApiClient.connect(path);
    await good.call('events.subscribe', {});
    let received = 0;
    good.on('events.event', () => {
      received += 1;
    });
    slow.pause();
    bench.log.length = 0;
    const dropped = () => bench.log.find((entry) => entry.kind === 'dropped');
    let sent = 0;
    const text = 'x'.repeat(4096);
    while (dropped() === undefined && sent < 20_000) {
      tell(event('vhu0', 'pin', text));
      sent += 1;
      // The reader must get its turn after each, or it would look slow as well.
      while (received < sent) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.match((dropped() as { reason: string } | undefined)?.reason ?? '', /does not read: \d+ bytes/);
    tell(event('vhu0', 'pin'));
    await good.call('events.unsubscribe', { subscription: 99 });
    assert.equal(received, sent + 1);
    await good.close();
  });

  it('reads no further while too many requests are unanswered', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const path = await bench.serve(
      {
        'host.describe': () =>
          new Promise((resolve) => {
            waiting.push(() => resolve({} as never));
            most = Math.max(most, waiting.length);
          }),
      },
      { limits: { maxRequestsInFlight: 3 } },
    );
    const socket = await bench.raw(path);
    let answers = 0;
    socket.on('message', () => {
      answers += 1;
    });
    for (let id = 0; id < 20; id++) socket.send(`{"jsonrpc":"2.0","id":${id},"method":"host.describe"}`);
    while (answers < 20) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      waiting.shift()?.();
    }
    assert.ok(most <= 3, `${most} at once`);
  });

  it('notices that a client has hung up whose requests are never answered', async function () {
    this.timeout(60_000);
    let asked = 0;
    const path = await bench.serve(
      {
        'host.describe': () => {
          asked += 1;
          return new Promise(() => undefined);
        },
      },
      { limits: { maxRequestsInFlight: 3, maxConnections: 1 } },
    );
    const socket = await bench.raw(path);
    for (let id = 0; id < 20_000; id++) socket.send(`{"jsonrpc":"2.0","id":${id},"method":"host.describe"}`);
    while (asked < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    socket.terminate();
    let next: ApiClient | undefined;
    while (next === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      next = await ApiClient.connect(path).catch(() => undefined);
    }
    await next.close();
  });

  it('serves many connections, and refuses those beyond its limit', async () => {
    const path = await bench.serve(
      { 'features.decode': ({ mask }) => ({ mask, bits: [] }) },
      { limits: { maxConnections: 50 } },
    );
    const clients = await Promise.all(Array.from({ length: 50 }, () => ApiClient.connect(path)));
    const masks = await Promise.all(
      clients.map((client, index) => client.call('features.decode', { mask: `0x${index}` })),
    );
    assert.deepEqual(
      masks.map(({ mask }) => mask),
      clients.map((_, index) => `0x${index}`),
    );
    await assert.rejects(ApiClient.connect(path), isError('VC-API-CONNECT', /503/));
    await clients[0]?.close();
    const next = await ApiClient.connect(path);
    await Promise.all([next, ...clients].map((client) => client.close()));
  });

  const ends: readonly { title: string; send: (socket: WebSocket) => void; code: number }[] = [
    { title: 'a message over the limit', send: (socket) => socket.send('x'.repeat(2000)), code: 1009 },
    { title: 'a binary message', send: (socket) => socket.send(Buffer.from('{}')), code: 1003 },
  ];
  for (const { title, send, code } of ends) {
    it(`ends the connection for ${title}, and no other`, async () => {
      const path = await bench.serve(
        { 'features.decode': ({ mask }) => ({ mask, bits: [] }) },
        { limits: { maxMessageBytes: 1000 } },
      );
      const [bad, good] = await Promise.all([bench.raw(path), ApiClient.connect(path)]);
      const closed = once(bad, 'close');
      send(bad);
      assert.equal((await closed)[0], code);
      assert.equal((await good.call('features.decode', { mask: '0x1' })).mask, '0x1');
      await good.close();
    });
  }

  it('tells a plain HTTP client what stands here', async () => {
    const path = await bench.serve({});
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      request({ socketPath: path, path: '/' }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      })
        .on('error', reject)
        .end();
    });
    assert.deepEqual(answer, {
      status: 426,
      text: 'This is the management API of vhost-compat: JSON-RPC 2.0 over WebSocket.\n',
    });
  });

  it('serves the path / only', async () => {
    const path = await bench.serve({});
    const socket = new WebSocket(`ws+unix:${path}:/other`);
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /404/);
  });
});

describe('management API, its socket', () => {
  const bench = new ApiBench();
  after(() => bench.end());

  it('does not keep a client that was refused and does not hang up', async () => {
    const server = bench.server({});
    const path = join(bench.folder, 'refused.sock');
    await server.listen(path);
    const stubborn = connect({ path, allowHalfOpen: true });
    const answer = once(stubborn, 'data');
    const hungUp = once(stubborn, 'end');
    stubborn.write('GET /x HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    assert.match(String((await answer)[0]), /^HTTP\/1\.1 404 /);
    await hungUp;
    await server.close(); // which waits for every socket
    stubborn.destroy();
  });

  it('is for owner and group only', async () => {
    const path = await bench.serve({});
    assert.equal(statSync(path).mode & 0o777, 0o660);
  });

  it('takes the mode asked for', async () => {
    const path = join(bench.folder, 'mode.sock');
    await bench.server({}).listen(path, { mode: 0o600 });
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('replaces a socket file that nobody serves', async () => {
    const path = join(bench.folder, 'stale.sock');
    const old = createServer().listen(path);
    await once(old, 'listening');
    // What a process leaves that was killed: node removes the file on close, so put a copy of the name in its place.
    const kept = `${path}.kept`;
    renameSync(path, kept);
    await new Promise((resolve) => old.close(resolve));
    renameSync(kept, path);
    await bench.server({ 'features.decode': ({ mask }) => ({ mask, bits: [] }) }).listen(path);
    const client = await ApiClient.connect(path);
    assert.equal((await client.call('features.decode', { mask: '0x1' })).mask, '0x1');
    await client.close();
  });

  it('leaves a socket alone that another process serves', async () => {
    const path = await bench.serve({});
    await assert.rejects(bench.server({}).listen(path), isError('VC-API-LISTEN', /another process serves this socket/));
    await (await ApiClient.connect(path)).close();
  });

  it('leaves a file alone that is no socket', async () => {
    const path = join(bench.folder, 'file');
    writeFileSync(path, 'mine');
    await assert.rejects(bench.server({}).listen(path), isError('VC-API-LISTEN', /is not a socket/));
    assert.equal(statSync(path).size, 4);
  });

  it('says why it cannot listen', async () => {
    await assert.rejects(
      bench.server({}).listen(join(bench.folder, 'no', 'folder.sock')),
      isError('VC-API-LISTEN', /ENOENT|EACCES/),
    );
  });
});
