import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { PendingEvents, PendingWrites } from '../../../agent/manager/pending-writes.ts';
import { Log } from '../../../base/log.ts';
import type { Json } from '../../../rpc/json/json-value.ts';
import { stringifyJson } from '../../../rpc/json/stringify.ts';
import { OvsdbTransactionError } from '../../../rpc/ovsdb/client/client-errors.ts';
import type { OvsdbClient } from '../../../rpc/ovsdb/client/ovsdb-client.ts';
import { aWhile, until } from '../support.ts';

interface Operation {
  readonly op: string;
  readonly where?: Json;
  readonly row?: Readonly<Record<string, Json>>;
}

/** A database that refuses, is away, or is slow when it is told to. */
class Database extends EventEmitter {
  connected = true;
  delayMs = 0;
  /** What no row can hold. */
  poison: string | undefined;
  refuses: (operations: readonly Operation[]) => boolean = () => false;
  readonly taken: Operation[] = [];
  transactions = 0;

  async transact(_name: string, operations: Operation[]): Promise<Json[]> {
    this.transactions += 1;
    if (this.delayMs > 0) await aWhile(this.delayMs);
    if (!this.connected) throw new Error('the connection ended');
    if (this.refuses(operations)) throw new Error('refused');
    if (this.poison !== undefined && stringifyJson(operations as unknown as Json).includes(this.poison))
      throw new OvsdbTransactionError(0, [], [{ error: 'constraint violation', details: this.poison }]);
    this.taken.push(...operations);
    return [];
  }

  /** The columns of a row as they were written last. */
  row(uuid: string): Record<string, Json> {
    const own = this.taken.filter(({ op, where }) => op === 'update' && JSON.stringify(where).includes(`"${uuid}"`));
    return Object.assign({}, ...own.map(({ row }) => row)) as Record<string, Json>;
  }
}

describe('what the agent wants written', () => {
  let database: Database;
  let writes: PendingWrites;
  beforeEach(() => {
    database = new Database();
    const quiet = new Log(new Writable({ write: (_chunk, _encoding, done) => done() }), 'error');
    writes = new PendingWrites(database as unknown as OvsdbClient, quiet);
  });
  afterEach(() => writes.close());
  const event = (uuid: string): Json => ({ op: 'insert', table: 'Event', uuid, row: {} });

  it('is sent together after a moment, the latest state of each row', async () => {
    writes.update('Interface', 'a', { state: 'x' });
    writes.update('Interface', 'a', { state: 'y', error: 'z' });
    writes.updateWhere('Host_Private', 'system_id', 'h', { heartbeat: 1 });
    await until('it written', () => database.taken.length === 2);
    assert.deepEqual([database.row('a'), database.row('h')], [{ state: 'y', error: 'z' }, { heartbeat: 1 }]);
    assert.equal(database.transactions, 1);
  });

  it('is written when the database takes it, though it refused it before', async () => {
    database.refuses = () => true;
    writes.update('Interface', 'a', { state: 'x', error: 'e' });
    assert.equal(await writes.settled(), false, 'nobody may believe it written');
    writes.update('Interface', 'a', { state: 'y' });
    database.refuses = () => false;
    await until('it written', () => database.taken.length > 0);
    assert.deepEqual(database.row('a'), { state: 'y', error: 'e' });
    assert.equal(await writes.settled(), true);
  });

  it('is not kept back by a row that is refused', async () => {
    database.refuses = (operations) => JSON.stringify(operations).includes('"bad"');
    for (const uuid of ['a', 'bad', 'b']) writes.update('Interface', uuid, { state: uuid });
    assert.equal(await writes.settled(), false);
    assert.deepEqual([database.row('a'), database.row('b')], [{ state: 'a' }, { state: 'b' }]);
  });

  it('leaves out a column that the database can never take, and nothing else, and is not tried again', async () => {
    database.poison = 'poison';
    writes.update('Interface', 'a', { state: 'x', peer: 'poison', error: 'e' });
    writes.update('Interface', 'b', { state: 'y' });
    assert.equal(await writes.settled(), true, 'what can be written is');
    assert.deepEqual([database.row('a'), database.row('b')], [{ state: 'x', error: 'e' }, { state: 'y' }]);
    const before = database.transactions;
    await aWhile(300);
    assert.equal(database.transactions, before);
  });

  it('comes back when the connection ends while the columns of such a row are written one by one', async () => {
    database.poison = 'poison';
    database.refuses = (operations) => {
      const columns = operations.map(({ row }) => Object.keys(row ?? {}).join());
      if (columns.join() === 'error') database.connected = false;
      return !database.connected;
    };
    writes.update('Interface', 'a', { state: 'x', peer: 'poison', error: 'e' });
    assert.equal(await writes.settled(), false);
    assert.deepEqual(database.row('a'), { state: 'x' });
    database.refuses = () => false;
    database.connected = true;
    assert.equal(await writes.settled(), true);
    assert.deepEqual(database.row('a'), { state: 'x', error: 'e' });
  });

  it('does not try every row when it is the database that refuses', async () => {
    database.refuses = () => true;
    for (let n = 0; n < 100; n += 1) writes.update('Interface', `r${n}`, { state: 'x' });
    await writes.settled();
    assert.ok(database.transactions < 10, `${database.transactions} transactions`);
  });

  it('does not go with an event that is there already, and neither do other events', async () => {
    database.refuses = (operations) => JSON.stringify(operations).includes('"twice"');
    writes.record(event('once'));
    writes.record(event('twice'));
    writes.record(event('last'));
    writes.update('Interface', 'a', { state: 'x' });
    assert.equal(await writes.settled(), true);
    await until('the events', () => database.taken.filter(({ op }) => op === 'insert').length === 2);
    assert.deepEqual(database.row('a'), { state: 'x' });
  });

  it('waits for a database that is away, and is sent when it is back', async () => {
    database.delayMs = 10;
    writes.update('Interface', 'a', { state: 'x', error: 'e' });
    writes.record(event('one'));
    const settled = writes.settled();
    database.connected = false;
    assert.equal(await settled, false);
    writes.update('Interface', 'a', { state: 'y' });
    assert.equal(await writes.settled(), false);
    database.connected = true;
    database.emit('connected');
    await until('all of it', () => database.taken.length === 2);
    assert.deepEqual(database.row('a'), { state: 'y', error: 'e' });
  });

  it('is settled though there is always something more to write', async () => {
    database.delayMs = 4;
    const writing = setInterval(() => writes.update('Interface', 'a', { n: database.transactions }), 1);
    try {
      await aWhile(20);
      const settled = writes.settled();
      assert.equal(await Promise.race([settled, aWhile(1000).then(() => 'never')]), true);
    } finally {
      clearInterval(writing);
    }
  });
});

describe('events that wait', () => {
  it('are bounded; of those that are dropped the deletions are kept', () => {
    const pending = new PendingEvents();
    let dropped = 0;
    for (let n = 0; n < 1500; n += 1)
      dropped += pending.add([
        { op: 'delete', n },
        { op: 'insert', n },
      ]);
    assert.equal(dropped, 500);
    const [deletions = [], ...events] = pending.take();
    assert.deepEqual([deletions.length, events.length, pending.isEmpty], [500, 1000, true]);
    assert.deepEqual(deletions[0], { op: 'delete', n: 0 });
    assert.deepEqual(events[0], [
      { op: 'delete', n: 500 },
      { op: 'insert', n: 500 },
    ]);
  });
});
