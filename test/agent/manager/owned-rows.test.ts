import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authors } from '../../../agent/manager/authors.ts';
import type { ClientChange } from '../../../agent/manager/client-changes.ts';
import { OwnedRows } from '../../../agent/manager/owned-rows.ts';
import { isWholeText } from '../../../base/text.ts';
import type { ReplicaRow } from '../../../rpc/ovsdb/client/replica.ts';
import type { Columns } from '../../../rpc/state/model/column.ts';

/** An agent that owns one row, which says `state`. */
class Ground {
  readonly told: ClientChange[] = [];
  readonly written: Columns[] = [];
  row: ReplicaRow = { _uuid: 'u', state: 'error' };
  takesWrites = true;
  asked = 0;
  readonly owned = new OwnedRows({
    writes: {
      update: (_table, _uuid, columns) => void this.written.push(columns),
      settled: async () => {
        this.asked += 1;
        return this.takesWrites;
      },
    },
    authors: new Authors('somebody'),
    changes: { tell: (change) => void this.told.push(change) },
    row: () => this.row,
  });

  own(): void {
    this.owned.own('Interface', 'u', 'vhu0', { state: 'error' });
  }

  is(state: string): void {
    this.row = { _uuid: 'u', state };
    this.owned.rowsChanged([{ table: 'Interface', uuid: 'u', kind: 'modify', new: this.row, columns: ['state'] }]);
  }
}

describe('the columns that the agent alone writes', () => {
  it('do not make it ask a database all the time that takes no writes', async () => {
    const ground = new Ground();
    ground.takesWrites = false;
    ground.own();
    await sleep(1000);
    ground.owned.close();
    assert.ok(ground.asked <= 2, `asked ${ground.asked} times`);
  });

  it('are told of in texts that the database takes, wherever these are cut off', async () => {
    for (let i = 100; i < 130; i++) {
      const ground = new Ground();
      ground.own();
      ground.is(`${'x'.repeat(i)}\u{1F600}${'y'.repeat(40)}`);
      await sleep(80);
      ground.owned.close();
      const [{ text, details } = assert.fail()] = ground.told;
      assert.ok(isWholeText(text) && isWholeText(String(details['seen'])), text);
    }
  }).timeout(10_000);

  it('are nobody’s doing when the database comes back with others, and are not compared before they are known', async () => {
    const ground = new Ground();
    ground.own();
    await sleep(80);
    ground.is('negotiated');
    ground.owned.disconnected();
    await sleep(120);
    assert.deepEqual([ground.told, ground.written], [[], []]);
    ground.owned.synchronised();
    ground.is('stopped');
    await sleep(2200);
    assert.deepEqual([ground.told, ground.written], [[], [{ state: 'error' }]]);
    ground.is('error');
    await sleep(100);
    ground.is('evil');
    await sleep(2200);
    ground.owned.close();
    assert.equal(ground.told.length, 1);
  }).timeout(10_000);
});
