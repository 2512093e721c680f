import assert from 'node:assert/strict';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import type { ApiConnection } from '../../../rpc/api/api-connection.ts';
import { Dispatcher } from '../../../rpc/api/dispatcher.ts';
import type { Handlers } from '../../../rpc/api/methods.ts';
import { ApiBench, ask, handlersWith } from './harness.ts';

const decoded = { mask: '0x1', bits: [] };

const handlers: Partial<Handlers<ApiConnection>> = {
  'features.decode': ({ mask }) => ({ ...decoded, mask }),
  'interfaces.show': ({ name }) => {
    throw new CompatError('VC-INTERFACE-UNKNOWN', `Cannot find interface "${name}"`, {
      interface: name,
      offered: 1n << 32n,
    });
  },
  'interfaces.unpin': () => {
    throw new Error('secret /etc/shadow');
  },
  // A bigint: JSON cannot carry it, and only JSON.stringify notices, after the handler.
  'interfaces.list': () => [1n] as never,
  'events.unsubscribe': () => undefined as never,
};

const call = (id: unknown, method: string, params?: unknown) => ({
  jsonrpc: '2.0',
  id,
  method,
  ...(params === undefined ? {} : { params }),
});
const decode = (id: unknown) => call(id, 'features.decode', { mask: '0x1' });
const error = (id: unknown, code: number, message: string, data?: unknown) => ({
  jsonrpc: '2.0',
  id,
  error: { code, message, ...(data === undefined ? {} : { data }) },
});
const success = (id: unknown, result: unknown) => ({ jsonrpc: '2.0', id, result });
const internal = { code: 'VC-INTERNAL', details: {} };

const dialogues: readonly { title: string; send: unknown; want: unknown }[] = [
  { title: 'answers a call', send: decode(1), want: success(1, decoded) },
  { title: 'answers a call with a text as its id', send: decode('a'), want: success('a', decoded) },
  { title: 'answers a call with the id null', send: decode(null), want: success(null, decoded) },
  {
    title: 'answers null for a handler that gives nothing',
    send: call(1, 'events.unsubscribe', { subscription: 1 }),
    want: success(1, null),
  },
  {
    title: 'refuses what is not JSON',
    send: '{"jsonrpc": "2.0", "method"',
    want: error(null, -32700, 'Parse error: wanted JSON'),
  },
  { title: 'refuses an empty text', send: '', want: error(null, -32700, 'Parse error: wanted JSON') },
  { title: 'refuses null', send: null, want: error(null, -32600, 'Invalid Request: wanted an object') },
  { title: 'refuses a number', send: 7, want: error(null, -32600, 'Invalid Request: wanted an object') },
  {
    title: 'refuses JSON-RPC 1.0',
    send: { id: 1, method: 'x', params: [] },
    want: error(1, -32600, 'Invalid Request: wanted "jsonrpc": "2.0"'),
  },
  {
    title: 'refuses a method that is no text',
    send: call(1, 7 as never),
    want: error(1, -32600, 'Invalid Request: wanted "method", a string'),
  },
  {
    title: 'refuses an id that is an object',
    send: decode({}),
    want: error(null, -32600, 'Invalid Request: wanted "id", a string or a whole number'),
  },
  {
    title: 'refuses an id with a fraction',
    send: decode(1.5),
    want: error(null, -32600, 'Invalid Request: wanted "id", a string or a whole number'),
  },
  {
    title: 'refuses params that are a text',
    send: call(1, 'features.decode', 'x'),
    want: error(1, -32600, 'Invalid Request: wanted "params", an object'),
  },
  {
    title: 'refuses an unknown method',
    send: call(1, 'features.recode'),
    want: error(1, -32601, 'Method not found: "features.recode"'),
  },
  {
    title: 'refuses what every object inherits, as a method',
    send: call(1, 'constructor'),
    want: error(1, -32601, 'Method not found: "constructor"'),
  },
  {
    title: 'refuses params by position',
    send: call(1, 'features.decode', ['0x1']),
    want: error(1, -32602, 'Cannot read params: expected an object, got an array', {
      code: 'VC-API-PARAMS',
      details: { path: 'params' },
    }),
  },
  {
    title: 'names the path of a wrong parameter',
    send: call(1, 'versions.select', { targets: ['unix:/a', 7] }),
    want: error(1, -32602, 'Cannot read params.targets[1]: expected a string, got 7', {
      code: 'VC-API-PARAMS',
      details: { path: 'params.targets[1]' },
    }),
  },
  {
    title: 'hands on an error of the catalogue with its details, masks as text',
    send: call(1, 'interfaces.show', { name: 'vhu9' }),
    want: error(1, -32000, 'Cannot find interface "vhu9"', {
      code: 'VC-INTERFACE-UNKNOWN',
      details: { interface: 'vhu9', offered: '0x100000000' },
    }),
  },
  {
    title: 'keeps the text of any other error to itself',
    send: call(1, 'interfaces.unpin', { name: 'v' }),
    want: error(1, -32603, 'internal error', internal),
  },
  {
    title: 'says internal error for a result that JSON cannot carry',
    send: call(1, 'interfaces.list'),
    want: error(1, -32603, 'internal error', internal),
  },
  { title: 'refuses an empty batch', send: [], want: error(null, -32600, 'Invalid Request: the batch is empty') },
  {
    title: 'survives the batch [null]',
    send: [null],
    want: [error(null, -32600, 'Invalid Request: wanted an object')],
  },
  { title: 'answers a batch of one with an array', send: [decode(1)], want: [success(1, decoded)] },
  {
    title: 'survives nesting without end',
    send: `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    want: error(null, -32700, 'Parse error: it is nested more than 64 levels deep'),
  },
  {
    title: 'answers what can be answered of a mixed batch',
    send: [decode(1), 7, { jsonrpc: '2.0', method: 'features.decode', params: { mask: '0x1' } }, [], call(2, 'no')],
    want: [
      success(1, decoded),
      error(null, -32600, 'Invalid Request: wanted an object'),
      error(null, -32600, 'Invalid Request: wanted an object'),
      error(2, -32601, 'Method not found: "no"'),
    ],
  },
  {
    title: 'refuses a batch that is too long',
    send: Array.from({ length: 101 }, (_, index) => decode(index)),
    want: error(null, -32600, 'Invalid Request: more than 100 requests in one batch'),
  },
];

describe('management API, message by message', () => {
  const bench = new ApiBench();
  let path = '';
  before(async () => {
    path = await bench.serve(handlers);
  });
  after(() => bench.end());

  for (const { title, send, want } of dialogues) {
    it(title, async () => {
      const socket = await bench.raw(path);
      assert.deepEqual(await ask(socket, typeof send === 'string' ? send : JSON.stringify(send)), want);
      // The connection lives on.
      assert.deepEqual(await ask(socket, JSON.stringify(decode(99))), success(99, decoded));
      socket.terminate();
    });
  }

  it('answers no notification, not even a wrong one', async () => {
    const socket = await bench.raw(path);
    socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'no.such' }));
    socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'interfaces.unpin', params: { name: 'v' } }));
    socket.send(JSON.stringify([{ jsonrpc: '2.0', method: 'no.such' }]));
    assert.deepEqual(await ask(socket, JSON.stringify(decode(1))), success(1, decoded));
  });

  it('logs what it did not foresee, with the error', async () => {
    const seen: unknown[] = [];
    const dispatcher = new Dispatcher(handlersWith(handlers), (event) => seen.push(event));
    await dispatcher.receive(JSON.stringify(call(1, 'interfaces.unpin', { name: 'v' })), undefined as never);
    await dispatcher.receive(JSON.stringify(call(2, 'interfaces.show', { name: 'v' })), undefined as never);
    await dispatcher.receive(JSON.stringify(call(3, 'interfaces.show', {})), undefined as never);
    assert.deepEqual(
      seen.map((event) => [(event as { method: string }).method, (event as { error: Error }).error.message]),
      [['interfaces.unpin', 'secret /etc/shadow']],
    );
  });
});
