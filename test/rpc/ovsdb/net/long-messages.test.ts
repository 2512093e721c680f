import assert from 'node:assert/strict';
import type { Json } from '../../../../rpc/json/json-value.ts';
import { Peers } from '../../../peers/process.ts';
import { OurServer, RawClient, until } from './subjects.ts';

/** The messages here are longer than what may wait behind them. */
const QUEUED = 1 << 20;
const ROWS = 500;
const NOTE = 'x'.repeat(5000);

/** The message that is longer than all that may wait for a client. Each is begun while the client does not read. */
const LONG: { title: string; before?: [method: string, ...params: Json[]]; request: [string, ...Json[]] }[] = [
  { title: 'the first answer of a monitor', request: ['monitor', 'Net', 'm', { Thing: {} }] },
  { title: 'that of a monitor with conditions', request: ['monitor_cond', 'Net', 'm', { Thing: {} }] },
  {
    title: 'the rows that new conditions show',
    before: ['monitor_cond', 'Net', 'm', { Thing: { where: [false] } }],
    request: ['monitor_cond_change', 'm', 'm', { Thing: [{ where: [true] }] }],
  },
  {
    title: 'an update for a transaction with many rows',
    before: ['monitor', 'Net', 'm', { Thing: {} }],
    request: ['transact', 'Net', { op: 'mutate', table: 'Thing', where: [], mutations: [['number', '+=', 1]] }],
  },
  {
    title: 'an answer with many rows',
    before: ['monitor', 'Net', 'm', { Thing: {} }],
    request: ['transact', 'Net', { op: 'select', table: 'Thing', where: [] }],
  },
  {
    title: 'one long text',
    before: ['monitor', 'Net', 'm', { Thing: {} }],
    request: ['echo', 'y'.repeat(2_500_000)],
  },
];

describe('a message longer than what may wait for a client', () => {
  const peers = new Peers();
  after(() => peers.end());

  const client = (server: OurServer): Promise<RawClient> => RawClient.open(server.path, peers);

  async function start(): Promise<{ server: OurServer; writer: RawClient }> {
    const server = new OurServer(peers, { limits: { queuedBytes: QUEUED } });
    await server.start();
    const writer = await client(server);
    for (let from = 0; from < ROWS; from += 100) {
      const rows = Array.from({ length: 100 }, (_, i): Json => ({ name: `thing-${from + i}`, note: NOTE }));
      await writer.ask('transact', 'Net', ...rows.map((row): Json => ({ op: 'insert', table: 'Thing', row })));
    }
    return { server, writer };
  }

  const insert = (name: string, note = ''): Json => ({ op: 'insert', table: 'Thing', row: { name, note } });

  for (const { title, before, request } of LONG) {
    it(`reaches one that reads, with updates meanwhile: ${title}`, async () => {
      const { server, writer } = await start();
      const reader = await client(server);
      if (before !== undefined) await reader.request(before[0], before.slice(1));
      reader.socket.pause();
      reader.send({ id: 'long', method: request[0], params: request.slice(1) });
      await writer.ask('echo', 1);
      for (let i = 0; i < 20; i++) {
        await writer.ask('transact', 'Net', insert(`late-${i}`));
        // It reads a little: as much as the kernel holds for it.
        reader.socket.resume();
        await new Promise((resolve) => setImmediate(resolve));
        reader.socket.pause();
      }
      reader.socket.resume();
      const last = (): boolean => JSON.stringify(reader.messages.at(-1) ?? null).includes('"late-19"');
      await until(
        () => reader.closed || (last() && reader.messages.some((one) => (one as { id: Json }).id === 'long')),
      );
      assert.equal(reader.closed, false, JSON.stringify(server.events.at(-1)?.text));
      assert.equal(server.events.filter(({ event }) => event === 'client dropped').length, 0);
    });

    it(`is what one that does not read is dropped behind, once enough waits: ${title}`, async () => {
      const { server, writer } = await start();
      const deaf = await client(server);
      if (before !== undefined) await deaf.request(before[0], before.slice(1));
      deaf.socket.pause();
      deaf.send({ id: 'long', method: request[0], params: request.slice(1) });
      await writer.ask('echo', 1);
      const dropped = (): boolean => server.events.some(({ event }) => event === 'client dropped');
      for (let i = 0; i < 400 && !dropped(); i++) await writer.ask('transact', 'Net', insert(`late-${i}`, NOTE));
      assert.match(server.events.at(-1)?.text ?? '', /the client does not read: more than 1048576 bytes wait for it/);
      await until(() => server.server.connections === 1);
      assert.equal(server.server.memoryBytes, 0);
    });
  }
});
