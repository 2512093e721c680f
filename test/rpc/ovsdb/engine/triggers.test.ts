import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Json } from '../../../../rpc/json/json-value.ts';
import type { Database } from '../../../../rpc/ovsdb/database.ts';
import { openShop } from './fixtures.ts';

const until = (name: string, timeout?: number): Json => ({
  op: 'wait',
  table: 'Box',
  where: [],
  columns: ['name'],
  until: '==',
  rows: [{ name }],
  ...(timeout === undefined ? {} : { timeout }),
});
const insert = (name: string): Json => ({ op: 'insert', table: 'Box', row: { name } });
const count = { op: 'select', table: 'Box', where: [], columns: ['name'] };

/** Whether a promise has settled once everything that is due has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  for (let i = 0; i < 3; i++) await nextTurn();
  return settled;
}

describe('transactions that wait', () => {
  let database: Database;
  beforeEach(() => {
    database = openShop();
  });
  afterEach(() => database.close());

  it('run again from their beginning when a table of theirs changes', async () => {
    const waiting = database.transact([until('a'), insert('b'), count]);
    assert.equal(await isSettled(waiting.result), false);
    await database.transact([insert('a')]).result;
    const [waited, , selected] = await waiting.result;
    assert.deepEqual(waited, {});
    assert.equal((selected as { rows: Json[] }).rows.length, 2);
  });

  it('leave nothing behind while they wait', async () => {
    const heard: Json[] = [];
    database.monitor({ Box: { columns: ['name'] } }, (update) => heard.push(update));
    const waiting = database.transact([insert('x'), until('never')]);
    const [selected] = await database.transact([count]).result;
    assert.deepEqual(selected, { rows: [] });
    assert.deepEqual(heard, []);
    waiting.cancel();
  });

  it('do not run for changes in other tables, nor for failed transactions', async () => {
    const waiting = database.transact([until('a')]);
    await database.transact([{ op: 'insert', table: 'Item', row: { name: 'a' } }]).result;
    await database.transact([insert('a'), { op: 'abort' }]).result;
    assert.equal(await isSettled(waiting.result), false);
    waiting.cancel();
  });

  it('answer after the reply of the transaction that woke them', async () => {
    const order: string[] = [];
    const waiting = database.transact([until('a')]).result.then(() => order.push('waiting'));
    const waking = database.transact([insert('a')]).result.then(() => order.push('waking'));
    await Promise.all([waiting, waking]);
    assert.deepEqual(order, ['waking', 'waiting']);
  });

  it('wake each other', async () => {
    const third = database.transact([until('b')]);
    const second = database.transact([until('a'), { op: 'update', table: 'Box', where: [], row: { name: 'b' } }]);
    await database.transact([insert('a')]).result;
    assert.deepEqual(await second.result, [{}, { count: 1 }]);
    assert.deepEqual(await third.result, [{}]);
  });

  it('give up at their deadline', async () => {
    const [answer] = await database.transact([until('never', 10)]).result;
    const { error, details } = answer as { error: string; details: string };
    assert.equal(error, 'timed out');
    assert.match(details, /^"wait" timed out after \d+ ms$/);
  });

  it('give up at the earliest deadline of several waits', async () => {
    const started = await database.transact([until('never', 10), until('never either', 60_000)]).result;
    assert.equal((started[0] as { error: string }).error, 'timed out');
    assert.equal(started[1], null);
  });

  it('are forgotten when they are canceled', async () => {
    const waiting = database.transact([until('a'), insert('b')]);
    waiting.cancel();
    await assert.rejects(waiting.result, { name: 'OvsdbError', kind: 'canceled' });
    await database.transact([insert('a')]).result;
    await nextTurn();
    const [selected] = await database.transact([count]).result;
    assert.deepEqual(selected, { rows: [{ name: 'a' }] });
  });

  it('are canceled when the database is closed', async () => {
    const waiting = database.transact([until('a')]);
    database.close();
    await assert.rejects(waiting.result, { kind: 'canceled' });
    assert.throws(() => database.transact([]), /is closed/);
  });

  it('cannot be canceled once they are done', async () => {
    const done = database.transact([insert('a')]);
    done.cancel();
    assert.equal((await done.result).length, 1);
  });
});

describe('a session', () => {
  const cases: { title: string; operation: Json; context: object; want: Json }[] = [
    {
      title: 'that holds the lock passes assert',
      operation: { op: 'assert', lock: 'mine' },
      context: { holdsLock: (lock: string) => lock === 'mine' },
      want: {},
    },
    {
      title: 'that holds another lock does not',
      operation: { op: 'assert', lock: 'yours' },
      context: { holdsLock: (lock: string) => lock === 'mine' },
      want: { error: 'not owner', details: 'Asserted lock yours not held.' },
    },
    {
      title: 'that may only read cannot insert',
      operation: insert('a'),
      context: { readOnly: true },
      want: {
        error: 'not allowed',
        details: 'insert operation not allowed when database server is in read only mode',
      },
    },
    { title: 'that may only read can select', operation: count, context: { readOnly: true }, want: { rows: [] } },
  ];
  for (const { title, operation, context, want } of cases) {
    it(title, async () => {
      const database = openShop();
      assert.deepEqual(await database.transact([operation], context).result, [want]);
      assert.deepEqual(await database.transact([count]).result, [{ rows: [] }]);
      database.close();
    });
  }
});
