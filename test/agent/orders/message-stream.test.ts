import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { FACTS, type Fact } from '../../../agent/orders/facts.ts';
import { encodeOrder, MessageStream } from '../../../agent/orders/message-stream.ts';
import { ORDERS, type Order } from '../../../agent/orders/orders.ts';
import { entryOf, OVS_3_2, temporaryFolder, until } from '../support.ts';

const PEER = { pid: 7, startTime: '12', bootId: 'b', socket: '1:2:3 /run/f' };
const STICKY = { version: 'v1', digest: '0'.repeat(64), peer: PEER };
const INTERFACE = {
  ...{ id: 'a-1', name: 'vhu0', deviceType: 'vhost-user-net', frontend: 'listen:/f', backend: 'connect:/b' },
  ...{ version: 'v1', sticky: STICKY },
};

/** One message of each row, with every member it can have. */
const EVERY_ORDER: readonly Order[] = [
  { is: 'hello', protocol: 1, program: '0.1.0', pid: 3 },
  {
    is: 'versions',
    entries: [entryOf({ limits: { queue_pairs: 8 } }), entryOf({ protocolFeatures: 5n })],
    hostDefault: 'v1',
  },
  { is: 'interface', interface: INTERFACE },
  { is: 'remove', id: 'a-1' },
  { is: 'apply', number: 4, all: true },
  { is: 'report', number: 5 },
  { is: 'trace', id: 'a-1', on: false },
  { is: 'serving' },
];
const EVERY_FACT: readonly Fact[] = [
  { is: 'hello', protocol: 1, program: '0.1.0', pid: 3, resumed: 2, problems: [{ code: 'VC-RESUME', text: 'x' }] },
  { is: 'refused', why: 'another' },
  {
    is: 'status',
    id: 'a-1',
    status: {
      ...{
        state: 'negotiated',
        since: 1,
        ringSizes: new Map([
          [0, 256],
          [1, 512],
        ]),
        statistics: { faults: 0 },
      },
      ...{ waitingFor: 'x', abilities: OVS_3_2, mode: 'v1', offered: 1n << 70n, acked: 3n, ackedProtocol: 0n },
      ...{ queuePairs: 1, peer: PEER, error: { code: 'VC-X', text: 'y' }, sticky: STICKY },
    },
  },
  { is: 'event', interface: 'vhu0', event: { kind: 'fault', code: 'VC-X', text: 't', details: { side: 'back-end' } } },
  {
    is: 'traced',
    id: 'a-1',
    message: {
      ...{ time: 1, from: 'front-end', request: 1, flags: 1, payload: Buffer.from([1, 2]), descriptors: 0 },
      ...{ verdict: 'changed', changedTo: Buffer.from([3]) },
    },
  },
  { is: 'applied', number: 4 },
];

describe('orders and facts', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const toClose: (() => void)[] = [];
  afterEach(() => {
    for (const close of toClose.splice(0)) close();
  });

  async function pair(): Promise<[Socket, Socket]> {
    const path = `${folder.path}/s${Math.random()}`;
    const server = createServer();
    server.listen(path);
    const a = connect({ path });
    const [b] = (await once(server, 'connection')) as [Socket];
    toClose.push(
      () => a.destroy(),
      () => b.destroy(),
      () => server.close(),
    );
    return [a, b];
  }

  it('come through as they were, each row with all its members', async () => {
    const [a, b] = await pair();
    const [orders, facts]: [Order[], Fact[]] = [[], []];
    const nothing = { drained: () => {}, closed: (error: Error | undefined) => assert.ifError(error) };
    const manager = new MessageStream<Order, typeof FACTS>(a, FACTS, { ...nothing, message: (one) => facts.push(one) });
    const relay = new MessageStream<Fact, typeof ORDERS>(b, ORDERS, { ...nothing, message: (one) => orders.push(one) });
    for (const order of EVERY_ORDER) manager.send(order);
    for (const fact of EVERY_FACT) relay.send(fact);
    await until('all of them', () => orders.length === EVERY_ORDER.length && facts.length === EVERY_FACT.length);
    assert.deepEqual(
      orders.map((one) => JSON.parse(encodeOrder(one))),
      EVERY_ORDER.map((one) => JSON.parse(encodeOrder(one))),
    );
    assert.deepEqual(facts, EVERY_FACT);
    assert.deepEqual(EVERY_ORDER.map(({ is }) => is).sort(), Object.keys(ORDERS).sort());
    assert.deepEqual(EVERY_FACT.map(({ is }) => is).sort(), Object.keys(FACTS).sort());
  });

  it('of a newer release are passed over: unknown rows, and unknown members of known ones', async () => {
    const [a, b] = await pair();
    const orders: Order[] = [];
    new MessageStream<Fact, typeof ORDERS>(b, ORDERS, {
      drained: () => {},
      closed: () => {},
      message: (one) => orders.push(one),
    });
    a.write(
      '{"is":"dance","to":1}{"is":"remove","id":"x","gently":true}{"is":"constructor"}{"is":"report","number":1}',
    );
    await until('both', () => orders.length === 2);
    assert.deepEqual(orders, [
      { is: 'remove', id: 'x' },
      { is: 'report', number: 1 },
    ]);
  });

  const broken = [
    ...[
      '{"is":"remove"}',
      '{"is":"remove","id":"../x"}',
      '{"is":"apply","number":-1,"all":true}',
      '[]',
      'x',
      '{"is":7}',
    ],
    ...['{"is":"versions","entries":[{}]}', '{"is":"interface","interface":{"id":"x"}}'],
    `{"is":"interface","interface":${JSON.stringify({ ...INTERFACE, frontend: 'x'.repeat(5000) })}}`,
    `{"is":"versions","entries":[${encodeOrder({ ...entryOf(), virtioFeatures: -1 })}]}`,
  ];
  for (const text of broken) {
    it(`that are none end the connection: ${text.slice(0, 50)}`, async () => {
      const [a, b] = await pair();
      const orders: Order[] = [];
      let ended: Error | undefined;
      new MessageStream<Fact, typeof ORDERS>(b, ORDERS, {
        drained: () => {},
        message: (one) => orders.push(one),
        closed: (error) => {
          ended = error;
        },
      });
      a.write(`${text}{"is":"serving"}`);
      await until('its end', () => ended !== undefined);
      assert.deepEqual(orders, []);
    });
  }

  it('in any portions and with any text are read or refused, and nothing else happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 }), async (text, cuts) => {
        const [a, b] = await pair();
        const seen: Order[] = [];
        let over = false;
        new MessageStream<Fact, typeof ORDERS>(b, ORDERS, {
          drained: () => {},
          message: (one) => seen.push(one),
          closed: () => {
            over = true;
          },
        });
        const bytes = Buffer.from(`${text} {"is":"report","number":1}`);
        let at = 0;
        for (const cut of cuts) {
          a.write(bytes.subarray(at, at + cut));
          at += cut;
        }
        a.write(bytes.subarray(at));
        await until('an outcome', () => over || seen.length > 0);
        assert.equal(over ? 0 : 1, seen.filter(({ is }) => is === 'report').length);
      }),
      { numRuns: 60 },
    );
  });
});
