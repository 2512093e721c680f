import assert from 'node:assert/strict';
import type { WebSocket } from 'ws';
import { ApiClient } from '../../../rpc/api/api-client.ts';
import type { ApiConnection } from '../../../rpc/api/api-connection.ts';
import type { MessageJson } from '../../../rpc/api/message-json.ts';
import type { Handlers, NotificationParams } from '../../../rpc/api/methods.ts';
import { Traces } from '../../../rpc/api/traces.ts';
import type { State } from '../../../rpc/state/state.ts';
import { eventually } from '../../peers/process.ts';
import { isError } from '../state/fixtures.ts';
import { ApiBench, ask } from './harness.ts';

/** Interfaces that say what a test lets them say, and a database that knows their names. */
class Ports {
  readonly names = new Set(['vhu0', 'vhu1']);
  readonly listeners = new Map<string, Set<(message: MessageJson) => void>>();
  readonly watchers = new Set<() => void>();
  readonly handlers: Partial<Handlers<ApiConnection>>;

  constructor() {
    const state = {
      interface: (name: string) => assert.ok(this.names.has(name), `the database has no ${name}`),
      findInterface: (name: string) => (this.names.has(name) ? {} : undefined),
      onChange: (watcher: () => void) => {
        this.watchers.add(watcher);
        return () => this.watchers.delete(watcher);
      },
    } as unknown as State;
    const traces = new Traces(state, (name, listener) => {
      if (name === 'vhu1') return undefined;
      const listeners = this.listeners.get(name) ?? new Set();
      this.listeners.set(name, listeners.add(listener));
      return () => listeners.delete(listener);
    });
    this.handlers = {
      'interfaces.trace': ({ name }, connection) => ({ trace: traces.add(connection, name) }),
      'interfaces.untrace': ({ trace }, connection) => ({ ended: traces.remove(connection, trace) }),
    };
  }

  get listening(): number {
    return this.listeners.get('vhu0')?.size ?? 0;
  }

  say(request: number, text = ''): void {
    for (const listener of this.listeners.get('vhu0') ?? []) listener(message(request, text));
  }

  remove(name: string): void {
    this.names.delete(name);
    for (const watcher of this.watchers) watcher();
  }
}

function message(request: number, text: string): MessageJson {
  return {
    ...{ interface: 'vhu0', time: 1, from: 'front-end', request, name: 'x', flags: 1, reply: false, need_reply: false },
    ...{ descriptors: 0, verdict: 'forwarded', payload: { bytes: 0 }, text },
  };
}

describe('management API, traces', () => {
  const bench = new ApiBench();
  let ports: Ports;
  let path = '';
  const clients: ApiClient[] = [];
  beforeEach(async () => {
    ports = new Ports();
    path = await bench.serve(ports.handlers, { limits: { maxOfferedBytes: 10_000 } });
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  after(() => bench.end());

  async function client(): Promise<ApiClient> {
    const made = await ApiClient.connect(path);
    clients.push(made);
    return made;
  }

  it('brings each message to each trace, and to nobody else', async () => {
    const [one, two, none] = [await client(), await client(), await client()];
    const seen: Record<string, number[]> = { one: [], two: [], none: [] };
    for (const [name, each] of Object.entries({ one, two, none }))
      each.on('interfaces.message', (params) => {
        seen[name]?.push(params.trace, params.message?.request ?? -1, params.dropped);
      });
    const first = await one.call('interfaces.trace', { name: 'vhu0' });
    const again = await one.call('interfaces.trace', { name: 'vhu0' });
    const other = await two.call('interfaces.trace', { name: 'vhu0' });
    ports.say(7);
    await eventually('the messages', () => seen['one']?.length === 6 && seen['two']?.length === 3);
    assert.deepEqual(seen, { one: [first.trace, 7, 0, again.trace, 7, 0], two: [other.trace, 7, 0], none: [] });
  });

  it('listens to a port only while somebody traces, and watches the database no longer', async () => {
    const one = await client();
    assert.deepEqual([ports.listening, ports.watchers.size], [0, 0]);
    const { trace } = await one.call('interfaces.trace', { name: 'vhu0' });
    await one.call('interfaces.trace', { name: 'vhu0' });
    assert.deepEqual([ports.listening, ports.watchers.size], [2, 1]);
    assert.deepEqual(await one.call('interfaces.untrace', { trace }), { ended: true });
    assert.deepEqual(await one.call('interfaces.untrace', { trace }), { ended: false });
    assert.deepEqual([ports.listening, ports.watchers.size], [1, 1]);
    await one.close();
    await eventually('the end of the trace', () => ports.listening === 0);
    assert.equal(ports.watchers.size, 0);
  });

  it("leaves another connection's trace alone", async () => {
    const [one, two] = [await client(), await client()];
    const { trace } = await one.call('interfaces.trace', { name: 'vhu0' });
    assert.deepEqual(await two.call('interfaces.untrace', { trace }), { ended: false });
    assert.equal(ports.listening, 1);
  });

  it('refuses an interface that the agent does not serve, and a trace too many', async () => {
    const one = await client();
    await assert.rejects(
      one.call('interfaces.trace', { name: 'vhu1' }),
      isError('VC-INTERFACE-UNKNOWN', /does not serve it/, { interface: 'vhu1' }),
    );
    for (let count = 0; count < 10; count += 1) await one.call('interfaces.trace', { name: 'vhu0' });
    await assert.rejects(one.call('interfaces.trace', { name: 'vhu0' }), isError('VC-API-PARAMS', /has 10 traces/));
    assert.equal(ports.listening, 10);
  });

  it('ends a trace with its interface, and says so', async () => {
    const one = await client();
    const ended = new Promise((resolve) => one.on('interfaces.traceEnded', resolve));
    const { trace } = await one.call('interfaces.trace', { name: 'vhu0' });
    ports.remove('vhu1');
    assert.equal(ports.listening, 1);
    ports.remove('vhu0');
    assert.deepEqual(await ended, { trace, interface: 'vhu0' });
    assert.deepEqual([ports.listening, ports.watchers.size], [0, 0]);
  });

  it('leaves messages out for a client that does not read, tells it how many, and keeps no more than the limit', async () => {
    const slow = await bench.raw(path);
    const quick = await client();
    let quickly = 0;
    quick.on('interfaces.message', ({ message, dropped }) => {
      quickly += (message === undefined ? 0 : 1) + dropped;
    });
    const call = { jsonrpc: '2.0', id: 1, method: 'interfaces.trace', params: { name: 'vhu0' } };
    await ask(slow, JSON.stringify(call));
    await quick.call('interfaces.trace', { name: 'vhu0' });
    const seen = messagesOf(slow);
    slow.pause();
    const [rounds, perRound] = [200, 20];
    for (let round = 0; round < rounds; round += 1) {
      for (let count = 0; count < perRound; count += 1) ports.say(round * perRound + count, 'x'.repeat(1000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(seen.length, 0);
    slow.resume();
    const total = () => seen.reduce((sum, one) => sum + one.dropped + (one.message ? 1 : 0), 0);
    await eventually('the count of all messages', () => total() === rounds * perRound);
    assert.ok(
      seen.some(({ dropped }) => dropped > 0),
      'nothing was dropped',
    );
    const order = seen.flatMap((one) => one.message?.request ?? []);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    // The place of the gap is right: what came before it and what it left out add up to the next message.
    let next = 0;
    for (const { dropped, message } of seen) {
      next += dropped;
      if (message === undefined) continue;
      assert.equal(message.request, next);
      next += 1;
    }
    await eventually('all messages at the quick one', () => quickly === rounds * perRound);
    assert.ok(bench.log.every(({ kind }) => kind !== 'dropped'));
  });
});

function messagesOf(socket: WebSocket): NotificationParams<'interfaces.message'>[] {
  const seen: NotificationParams<'interfaces.message'>[] = [];
  socket.on('message', (data: Buffer) => {
    seen.push((JSON.parse(data.toString('utf8')) as { params: (typeof seen)[number] }).params);
  });
  return seen;
}
