import assert from 'node:assert/strict';
import { type LockClient, LockTable } from '../../../../rpc/ovsdb/server/locks.ts';

describe('LockTable', () => {
  let table: LockTable;
  let told: string[];
  const client = (who: string): LockClient => ({
    locked: (name) => told.push(`${who} locked ${name}`),
    stolen: (name) => told.push(`${who} stolen ${name}`),
  });
  let a: LockClient;
  let b: LockClient;
  let c: LockClient;
  beforeEach(() => {
    table = new LockTable();
    told = [];
    [a, b, c] = [client('a'), client('b'), client('c')];
  });

  it('gives a free lock at once and passes it on in order', () => {
    assert.deepEqual([table.lock('L', a), table.lock('L', b), table.lock('L', c)], [true, false, false]);
    table.unlock('L', a);
    assert.deepEqual(told, ['b locked L']);
    table.unlock('L', b);
    assert.deepEqual(told, ['b locked L', 'c locked L']);
    assert.deepEqual([table.holds('L', a), table.holds('L', c)], [false, true]);
  });

  it('tells the owner once more when one who waits goes', () => {
    table.lock('L', a);
    table.lock('L', b);
    table.unlock('L', b);
    table.unlock('L', a);
    assert.deepEqual(told, ['a locked L']);
    assert.equal(table.lock('L', c), true);
  });

  it('lets the robbed one wait before the others', () => {
    table.lock('L', a);
    table.lock('L', b);
    table.steal('L', c);
    assert.deepEqual([told, table.holds('L', c)], [['a stolen L'], true]);
    table.unlock('L', c);
    assert.deepEqual(told, ['a stolen L', 'a locked L']);
  });

  it('forgets a thief who is robbed', () => {
    table.steal('L', a);
    table.steal('L', b);
    table.unlock('L', b);
    table.unlock('L', a);
    assert.deepEqual(told, ['a stolen L']);
    assert.equal(table.lock('L', c), true);
  });

  it('keeps names apart, __proto__ too', () => {
    assert.deepEqual(
      [table.lock('__proto__', a), table.lock('L', b), table.holds('constructor', a)],
      [true, true, false],
    );
  });
});
