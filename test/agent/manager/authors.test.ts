import assert from 'node:assert/strict';
import { Authors } from '../../../agent/manager/authors.ts';
import { ClientChanges } from '../../../agent/manager/client-changes.ts';
import type { NewEvent } from '../../../agent/manager/event-log.ts';

describe('who changed a row', () => {
  it('is the last one that wrote the column', () => {
    const authors = new Authors('somebody');
    const change = { table: 'Interface', uuid: 'u', kind: 'modify' } as const;
    authors.committed('anna', [{ ...change, columns: ['_version', 'version', 'state'] }]);
    authors.committed('bert', [{ ...change, columns: ['state'] }]);
    assert.equal(authors.ofColumn('Interface', 'version', 'u'), 'anna');
    assert.equal(authors.ofColumn('Interface', 'state', 'u'), 'bert');
    assert.equal(authors.ofColumn('Interface', 'peer', 'u'), 'somebody');
    assert.equal(authors.ofRow('Interface', 'u'), 'somebody');
    authors.committed('carl', [{ ...change, kind: 'delete', columns: ['version'] }]);
    assert.equal(authors.ofRow('Interface', 'u'), 'carl');
    assert.equal(authors.ofColumn('Interface', 'state', 'u'), 'carl');
  });

  it('is the client of the API for the operations that are sent for it', () => {
    const authors = new Authors('somebody');
    const where = [['_uuid', '==', ['uuid', 'u']]];
    authors.intends('anna', [
      { op: 'wait', table: 'Host', where, columns: ['system_id'], rows: [{ system_id: 'x' }] },
      { op: 'insert', table: 'Interface', row: { name: 'vhu0' }, 'uuid-name': 'added' },
      { op: 'update', table: 'Interface', where, row: { version: 'v1' } },
      {
        op: 'mutate',
        table: 'Host',
        where,
        mutations: [
          ['interfaces', 'delete', ['uuid', 'gone']],
          ['next_cfg', '+=', 1],
        ],
      },
      { op: 'comment', comment: 'x' },
    ]);
    assert.equal(authors.ofRow('Interface', 'unknown', 'vhu0'), 'anna');
    assert.equal(authors.ofColumn('Interface', 'version', 'u'), 'anna');
    assert.equal(authors.ofRow('Interface', 'gone'), 'anna');
    assert.equal(authors.ofColumn('Host', 'system_id', 'u'), 'somebody');
    authors.intends(undefined, [{ op: 'update', table: 'Interface', where, row: { version: 'v1' } }]);
    authors.intends('bert', [null, 7, [], { op: 'mutate', mutations: [null, [], ['interfaces', 'delete', 7]] }]);
  });

  it('is not the client of the API that made another change of the same row', () => {
    const authors = new Authors('somebody');
    const where = [['_uuid', '==', ['uuid', 'u']]];
    authors.intends('anna', [{ op: 'insert', table: 'Interface', row: { name: 'vhu0' }, 'uuid-name': 'added' }]);
    authors.intends('anna', [{ op: 'update', table: 'Interface', where, row: { version: 'v1' } }]);
    assert.equal(authors.ofColumn('Interface', 'state', 'u', 'vhu0'), 'somebody');
    for (const by of ['anna', 'somebody']) {
      assert.equal(authors.ofRow('Interface', 'u', 'vhu0'), by);
      assert.equal(authors.ofColumn('Interface', 'version', 'u'), by);
    }
  });

  it('is remembered of the rows that changed last', () => {
    const authors = new Authors('somebody');
    for (let i = 0; i <= 4000; i++)
      authors.committed('anna', [{ table: 'T', uuid: `${i}`, kind: 'modify', columns: ['c'] }]);
    assert.deepEqual([authors.ofColumn('T', 'c', '0'), authors.ofColumn('T', 'c', '1')], ['somebody', 'anna']);
  });
});

describe('what clients change', () => {
  it('is told with who it was, a few times one by one, and then counted', () => {
    const told: NewEvent[] = [];
    const changes = new ClientChanges((event) => told.push(event));
    for (let i = 0; i < 100; i++)
      changes.tell({ kind: 'pinned', interface: 'vhu0', text: 'x', details: { version: 'v1' }, by: 'anna' });
    changes.tell({ kind: 'pinned', interface: 'vhu1', text: 'x', details: {}, by: 'anna' });
    assert.equal(told.length, 16 + 2 + 1);
    assert.deepEqual(told[0]?.details, { version: 'v1', by: 'anna' });
    assert.equal(told.at(-2)?.details?.['left_out'], 31);
    assert.deepEqual(told.at(-1)?.details, { by: 'anna' });
  });

  it('is remembered by no more than the beginning of the name that a client gave to it', () => {
    const told: NewEvent[] = [];
    const changes = new ClientChanges((event) => told.push(event));
    const long = 'x'.repeat(300);
    for (let i = 0; i < 40; i++)
      changes.tell({ kind: 'pinned', interface: `${long}${i}`, text: 'x', details: {}, by: 'anna' });
    assert.equal(told.length, 16 + 1);
  });
});
