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
  ];
  for (const { title, method, params, told } of harms) {
    it(`${title}: refused, and a neighbour is served`, async () => {
      const [attacker, neighbour] = [await RawClient.open(path), await RawClient.open(server.path)];
      const answer = attacker.ask(method, ...params);
      assert.deepEqual(await neighbour.ask('echo', 1), { id: 'ask', result: [1], error: null });
      told(await answer);
      assert.ok(server.server.memoryBytes < 1 << 20);
      for (const one of [attacker, neighbour]) one.socket.destroy();
    });
  }

  it('answers that nobody reads: not made, and a neighbour is served', async () => {
    const clients = await Promise.all(times(20, () => RawClient.open(path)));
    for (const { socket } of clients) socket.pause();
    for (const one of clients) one.send({ id: 1, method: 'transact', params: ['Net', all, all, all, all] });
    for (const one of clients) one.send({ id: 2, method: 'monitor', params: ['Net', 'm', { Thing: {} }] });
    const neighbour = await RawClient.open(server.path);
    for (let i = 0; i < 20; i++) await neighbour.ask('echo', i);
    assert.ok(server.server.memoryBytes < 4 << 20, `${server.server.memoryBytes} bytes are held of 200 MB`);
    for (const { socket } of [...clients, neighbour]) socket.destroy();
  });

  it('a message of 9 MiB: its connection ends, and a neighbour is served', async () => {
    const [attacker, neighbour] = [await RawClient.open(path), await RawClient.open(server.path)];
    attacker.send(`{"id":1,"method":"echo","params":["${'x'.repeat(9 << 20)}`);
    await until(() => attacker.closed);
    assert.deepEqual(await neighbour.ask('echo', 1), { id: 'ask', result: [1], error: null });
    neighbour.socket.destroy();
  });
});

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
