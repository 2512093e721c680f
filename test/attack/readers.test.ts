import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { createHandlers } from '../../rpc/api/handlers.ts';
import type { EventJson } from '../../rpc/api/methods.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import type { State } from '../../rpc/state/state.ts';
import { Peers } from '../peers/process.ts';
import { ApiBench, ask } from '../rpc/api/harness.ts';
import { OurServer, RawClient, until } from '../rpc/ovsdb/net/subjects.ts';

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** What a client that may only read tries against everybody else, with the limits as they are shipped. */
describe('attacks of a read-only client of the database', () => {
  const peers = new Peers();
  let server: OurServer;
  let path = '';
  before(async () => {
    server = new OurServer(peers);
    await server.start();
    path = join(peers.folder(), 'read-only.sock');
    await server.server.listen(`punix:${path}`, { readOnly: true });
    const writer = await RawClient.open(server.path);
    const insert = (i: number): Json => {
      return { op: 'insert', table: 'Thing', row: { name: `thing-${i}`, number: i, note: 'x'.repeat(2000) } };
    };
    await writer.ask('transact', 'Net', ...times(1000, insert));
    writer.socket.destroy();
  });
  after(() => peers.end());

  const all = { op: 'select', table: 'Thing', where: [] };
  const scan = { op: 'select', table: 'Thing', where: [['real', '<', 0]] };
  const clauses = times(3000, (i) => ['number', '!=', -i - 1]);
  const exhausted = (answer: unknown): void => assert.match(JSON.stringify(answer), /"error":"resources exhausted"/);
  const harms: { title: string; method: string; params: Json[]; told(answer: unknown): void }[] = [
    {
      title: '5,000 selects of a table',
      method: 'transact',
      params: ['Net', ...times(5000, () => all)],
      told: exhausted,
    },
    { title: '30,000 searches', method: 'transact', params: ['Net', ...times(30_000, () => scan)], told: exhausted },
    {
      title: 'thousands of clauses',
      method: 'transact',
      params: ['Net', ...times(10, () => ({ ...all, where: clauses }))] as Json[],
      told: exhausted,
    },
    {
      title: 'waits over all rows',
      method: 'transact',
      params: ['Net', ...times(2000, () => ({ op: 'wait', table: 'Thing', where: [], until: '!=', rows: [] }))],
      told: exhausted,
    },
    {
      title: 'a monitor with a megabyte of conditions',
      method: 'monitor_cond',
      params: ['Net', 'm', { Thing: { where: times(40_000, (i) => ['number', '==', -i - 1]) as Json } }],
      told: exhausted,
    },
    {
      title: 'a monitor id of 5 MB',
      method: 'monitor',
      params: ['Net', 'i'.repeat(5 << 20), { Thing: {} }],
      told: exhausted,
    },
    {
      title: 'a lock of 5 MB',
      method: 'lock',
      params: ['l'.repeat(5 << 20)],
      told: (answer) => assert.match(JSON.stringify(answer), /not allowed, DB server is read only/),
    },
    ...writes().map(([title, ...operations]) => ({
      ...{ title, method: 'transact', params: ['Net', ...operations] },
      told: (answer: unknown) => assert.match(JSON.stringify(answer), /"error":"not allowed"/),
    })),
    {
      title: 'another schema',
      method: 'convert',
      params: ['Net', { name: 'Net', version: '9.0.0', tables: {} }],
      told: (answer) => assert.match(JSON.stringify(answer), /"error":"not allowed"/),
    },
    {
      title: 'the lock of somebody else',
      method: 'steal',
      params: ['everybody'],
      told: (answer) => assert.match(JSON.stringify(answer), /not allowed, DB server is read only/),
    },
    {
      title: 'the end of a monitor of somebody else',
      method: 'monitor_cancel',
      params: ['theirs'],
      told: (answer) => assert.match(JSON.stringify(answer), /"error":"unknown monitor"/),
    },
    {
      title: '200,000 operations',
      method: 'transact',
      params: ['Net', ...times(200_000, () => ({ op: 'abort' }))],
      told: exhausted,
    },
  ];
  for (const [index, { title, method, params, told }] of harms.entries()) {
    it(`${index + 1}. ${title}: refused, and a neighbour is served`, async () => {
      const [attacker, neighbour] = [await RawClient.open(path), await RawClient.open(server.path)];
      const answer = attacker.request(method, params);
      assert.deepEqual(await neighbour.ask('echo', 1), { id: 'ask', result: [1], error: null });
      told(await answer);
      assert.ok(server.server.memoryBytes < 1 << 20);
      for (const one of [attacker, neighbour]) one.socket.destroy();
    });
  }

  /** Beside a client that misbehaves in a way that is not answered at once. */
  const served = async (): Promise<void> => {
    const neighbour = await RawClient.open(server.path);
    for (let i = 0; i < 5; i++)
      assert.deepEqual(await neighbour.ask('echo', i), { id: 'ask', result: [i], error: null });
    neighbour.socket.destroy();
  };

  it('16. arrays a million deep: its connection ends, and a neighbour is served', async () => {
    const attacker = await RawClient.open(path);
    attacker.send('['.repeat(1 << 20));
    await served();
    await until(() => attacker.closed);
  });

  it('17. waits that never end: no more of them than allowed, and a neighbour is served', async () => {
    const attacker = await RawClient.open(path);
    const wait = { op: 'wait', table: 'Thing', where: [], columns: ['name'], until: '==', rows: [] };
    for (let i = 0; i < 3000; i++) attacker.send({ id: i, method: 'transact', params: ['Net', wait] });
    await served();
    assert.ok(server.server.memoryBytes < 20 << 20, `${server.server.memoryBytes} bytes`);
    attacker.socket.destroy();
    await until(() => server.server.memoryBytes === 0); // also when it hung up unread
  });

  it('18. monitors without end: no more of them than allowed, and a neighbour is served', async () => {
    const attacker = await RawClient.open(path);
    for (let i = 0; i < 1200; i++) attacker.send({ id: i, method: 'monitor', params: ['Net', i, { Other: {} }] });
    await served();
    await until(() => attacker.messages.length === 1200);
    const refused = attacker.messages.filter((message) => /resources exhausted/.test(JSON.stringify(message)));
    assert.equal(refused.length, 200);
    attacker.socket.destroy();
  });

  it('19. messages that never end: counted, and a neighbour is served', async () => {
    const attackers = await Promise.all(times(5, () => RawClient.open(path)));
    const half = Buffer.from(`{"id":1,"method":"echo","params":["${'x'.repeat(7 << 20)}`);
    for (const one of attackers) one.send(half);
    await served();
    await until(() => server.server.memoryBytes > 30 << 20);
    for (const { socket } of attackers) socket.destroy();
    await until(() => server.server.memoryBytes === 0);
  });

  it('20. requests by the thousand, answers unread: made as they are read, and a neighbour is served', async () => {
    const attacker = await RawClient.open(path);
    attacker.socket.pause();
    for (let i = 0; i < 20_000; i++) attacker.send({ id: i, method: 'get_schema', params: ['Net'] });
    await served();
    assert.ok(server.server.memoryBytes < 4 << 20, `${server.server.memoryBytes} bytes`);
    attacker.socket.destroy();
  });

  it('21. the conditions of a monitor changed to and fro: a neighbour is served before the last of them', async () => {
    const [attacker, neighbour] = [await RawClient.open(path), await RawClient.open(server.path)];
    await attacker.ask('monitor_cond', 'Net', 'm', { Thing: { where: [false] } });
    for (let i = 0; i < 400; i++)
      attacker.send({
        id: i,
        method: 'monitor_cond_change',
        params: ['Net', 'm', 'm', { Thing: { where: [i % 2 === 0] } }],
      });
    const before = attacker.messages.length;
    await neighbour.ask('echo', 1);
    assert.ok(attacker.messages.length < before + 400);
    for (const one of [attacker, neighbour]) one.socket.destroy();
  });

  it('22. answers that nobody reads: not made, and a neighbour is served', async () => {
    const clients = await Promise.all(times(20, () => RawClient.open(path)));
    for (const { socket } of clients) socket.pause();
    for (const one of clients) one.send({ id: 1, method: 'transact', params: ['Net', all, all, all, all] });
    for (const one of clients) one.send({ id: 2, method: 'monitor', params: ['Net', 'm', { Thing: {} }] });
    const neighbour = await RawClient.open(server.path);
    for (let i = 0; i < 20; i++) await neighbour.ask('echo', i);
    assert.ok(server.server.memoryBytes < 4 << 20, `${server.server.memoryBytes} bytes are held of 200 MB`);
    for (const { socket } of [...clients, neighbour]) socket.destroy();
  });

  it('23. a message of 9 MiB: its connection ends, and a neighbour is served', async () => {
    const [attacker, neighbour] = [await RawClient.open(path), await RawClient.open(server.path)];
    attacker.send(`{"id":1,"method":"echo","params":["${'x'.repeat(9 << 20)}`);
    await until(() => attacker.closed);
    assert.deepEqual(await neighbour.ask('echo', 1), { id: 'ask', result: [1], error: null });
    neighbour.socket.destroy();
  });

  it('24. more connections than there may be: refused, and a neighbour on another remote is served', async () => {
    const attempts = await Promise.allSettled(times(1500, () => RawClient.open(path)));
    const attackers = attempts.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    await served();
    const living = (): number => attackers.filter(({ closed }) => !closed).length;
    await until(() => living() <= 750);
    await served();
    for (const { socket } of attackers) socket.destroy();
  });

  it('all rows are as they were, and nobody else is connected', async () => {
    const writer = await RawClient.open(server.path);
    const { result } = (await writer.ask('transact', 'Net', all)) as {
      result: [{ rows: { name: string; number: number }[] }];
    };
    const names = result[0].rows.map(({ name, number }) => `${name} ${number}`);
    assert.deepEqual(new Set(names), new Set(times(1000, (i) => `thing-${i} ${i}`)));
    assert.equal(names.length, 1000);
    writer.socket.destroy();
    await until(() => server.server.memoryBytes === 0);
  });
});

/** Transactions that would change something, each with what it would do. */
function writes(): [title: string, ...operations: Json[]][] {
  const row = { name: 'mine' };
  return [
    ['a row of its own', { op: 'insert', table: 'Thing', row }],
    ['another name for all rows', { op: 'update', table: 'Thing', where: [['number', '==', 1]], row }],
    ['other numbers', { op: 'mutate', table: 'Thing', where: [], mutations: [['number', '+=', 1]] }],
    ['the end of all rows', { op: 'delete', table: 'Thing', where: [] }],
  ];
}

describe('attacks of a client of the management API', () => {
  const bench = new ApiBench();
  let path = '';
  before(async () => {
    const rows = times(2000, (i) => ({ name: `vhu-${i}`, error: 'x'.repeat(500) })) as unknown as InterfaceRow[];
    // mocked: of the state, only what lists interfaces
    const state = { host: () => ({}), interfaces: () => rows } as unknown as State;
    const subscribe = (_listener: (event: EventJson) => void) => () => undefined;
    path = await bench.serve(createHandlers({ state, subscribe }));
  });
  after(() => bench.end());

  const call = (id: number, method: string, params: unknown = {}) => ({ jsonrpc: '2.0', id, method, params });
  const decode = JSON.stringify(call(1, 'features.decode', { mask: '0x1' }));
  const device = (host: string, compatible: unknown[]) => {
    return { format: 1, kind: 'vhost-compat device', host, self: { device_type: 't', version: 's' }, compatible };
  };
  const text = { type: 'string' };
  const open = (i: number) => {
    return { version: `x\${a}\${b}\${c}`, variables: { a: text, b: text, c: text }, fields: { k: `${i}` } };
  };
  const tooLarge = /"code":"VC-DOCUMENT-SIZE"/;
  const busy = /"code":"VC-API-BUSY"/;
  const harms: { title: string; send: unknown; told: RegExp }[] = [
    {
      title: 'a thousand documents with versions of their own',
      send: call(2, 'versions.select', {
        documents: times(1000, (i) =>
          device(
            `h${i}`,
            times(20, (v) => ({ version: `v${i}-${v}` })),
          ),
        ),
      }),
      told: tooLarge,
    },
    {
      title: 'documents whose answer would have thirty megabytes',
      send: call(2, 'versions.select', {
        documents: times(56, (i) =>
          device(
            `h${i}`,
            times(60, (v) => ({ version: `v${i}.${v}`, fields: { a: 1 } })),
          ),
        ),
      }),
      told: tooLarge,
    },
    {
      title: 'entries that can be read in many ways',
      send: call(2, 'versions.select', {
        documents: times(80, (i) => {
          const long = times(3, (v) => ({ version: `x${'y'.repeat(60)}${i}-${v}` }));
          return device(`h${i}`, [...times(10, open), ...long]);
        }),
      }),
      told: tooLarge,
    },
    {
      title: 'moves between documents of thousands of entries',
      send: call(2, 'interfaces.checkMove', {
        name: 'self',
        from: device(
          'a',
          times(3000, (v) => ({ version: `a-${v}` })),
        ),
        documents: times(500, (i) => device(`h${i}`, [{ version: 's' }])),
      }),
      told: tooLarge,
    },
    { title: 'a batch of a hundred lists', send: times(100, (i) => call(i, 'interfaces.list')), told: busy },
    {
      title: 'a filter of a megabyte',
      send: call(2, 'events.subscribe', { kinds: ['k'.repeat(900_000)] }),
      told: /params\.kinds\[0\]: expected at most 63 characters/,
    },
    {
      title: 'a filter of many kinds',
      send: call(2, 'events.subscribe', { kinds: times(100, (i) => `k${i}`) }),
      told: /params\.kinds: expected at most 32 items/,
    },
  ];
  for (const { title, send, told } of harms) {
    it(`${title}: refused, and a neighbour is served`, async () => {
      const [attacker, neighbour] = [await bench.raw(path), await bench.raw(path)];
      const answer = ask(attacker, JSON.stringify(send));
      assert.match(JSON.stringify(await ask(neighbour, decode)), /"result"/);
      assert.match(JSON.stringify(await answer), told);
      for (const one of [attacker, neighbour]) one.terminate();
    });
  }

  it('a million brackets: refused unread', async () => {
    const attacker = await bench.raw(path);
    const answer = JSON.stringify(await ask(attacker, '['.repeat(1_000_000)));
    assert.match(answer, /Parse error: it is nested more than 64 levels deep/);
    attacker.terminate();
  });

  it('one large answer for each of many clients that read none: the memory is bounded, and a neighbour is served', async () => {
    const large = { description: 'x'.repeat(2 << 20) };
    const limits = { maxAllBufferedBytes: 8 << 20 };
    const server = bench.server(
      { 'host.describe': () => large as never, 'features.decode': () => large as never },
      { limits },
    );
    const own = `${path}2`;
    await server.listen(own);
    const attackers = await Promise.all(times(20, () => bench.raw(own)));
    for (const one of attackers) {
      one.pause();
      one.send(JSON.stringify(call(1, 'host.describe')));
    }
    const neighbour = await bench.raw(own);
    for (let i = 0; i < 3; i++) assert.match(JSON.stringify(await ask(neighbour, decode)), /"result"/);
    while (server.connections > 5) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(server.pendingBytes <= 8 << 20, `${server.pendingBytes} bytes are pending`);
    assert.equal(neighbour.readyState, neighbour.OPEN);
    for (const one of [...attackers, neighbour]) one.terminate();
  });

  it('a batch: a neighbour is answered before it', async () => {
    const [attacker, neighbour] = [await bench.raw(path), await bench.raw(path)];
    const order: string[] = [];
    attacker.on('message', () => order.push('batch'));
    neighbour.on('message', () => order.push('neighbour'));
    attacker.send(JSON.stringify(times(100, (i) => call(i, 'interfaces.list'))));
    neighbour.send(decode);
    await Promise.all([once(attacker, 'message'), once(neighbour, 'message')]);
    assert.deepEqual(order, ['neighbour', 'batch']);
    for (const one of [attacker, neighbour]) one.terminate();
  });

  it('batches that nobody reads: a neighbour is served', async () => {
    const attackers = await Promise.all(times(5, () => bench.raw(path)));
    for (const one of attackers) one.pause();
    const batch = JSON.stringify(times(100, (i) => call(i, 'interfaces.list')));
    for (const one of attackers) for (let i = 0; i < 10; i++) one.send(batch);
    const neighbour = await bench.raw(path);
    for (let i = 0; i < 20; i++) assert.match(JSON.stringify(await ask(neighbour, decode)), /"result"/);
    for (const one of attackers) one.terminate();
  });

  it('a web page that its visitor has opened: refused', async () => {
    const page = new WebSocket(`ws+unix:${path}:/`, { origin: 'https://evil.example' });
    const [, response] = (await once(page, 'unexpected-response')) as [unknown, { statusCode: number }];
    assert.equal(response.statusCode, 403);
  });
});
