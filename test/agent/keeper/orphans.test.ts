import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { until } from '../support.ts';
import { Stage, stageForEach } from './stage.ts';

describe('supervise: when the keeper itself is killed', function () {
  this.timeout(60_000);
  let stage: Stage;
  stageForEach((next) => {
    stage = next;
  });

  it('the program knows it at once and goes on; the next keeper takes it over with all that it had kept', async () => {
    stage.start();
    const { pid } = await stage.answer();
    await stage.order({ do: 'store', name: 'n', count: 30, each: 4 });
    await stage.order({ do: 'remove', name: 'n7' });
    stage.signal('SIGKILL');
    assert.deepEqual(await stage.answer(), { keeper: 'died' });
    // without a keeper
    assert.equal((await stage.order({ do: 'store', name: 'unkept', count: 2, each: 3 }))['failed'], 0);
    await stage.order({ do: 'remove', name: 'n8' });
    await stage.replaceKeeper();
    const next = await stage.answer();
    const inherited = next['inherited'] as Record<string, number>;
    assert.equal(Object.keys(inherited).length, 1 + 28 + 2);
    assert.deepEqual(
      [inherited['line'], inherited['n6'], inherited['n7'], inherited['n8']],
      [1, 4, undefined, undefined],
    );
    assert.deepEqual([inherited['unkept0'], inherited['unkept1']], [3, 3]);
    assert.deepEqual([stage.connections, stage.hangUps], [1, 0]);
    assert.deepEqual(
      stage.events('orphan-ended').map((event) => event['pid']),
      [pid],
    );
  });

  it('again and again, with descriptors that it has inherited', async () => {
    stage.start();
    await stage.answer();
    await stage.order({ do: 'store', name: 'n', count: 3, each: 4 });
    for (let i = 0; i < 5; i++) {
      stage.signal('SIGKILL');
      assert.deepEqual(await stage.answer(), { keeper: 'died' });
      await stage.replaceKeeper();
      assert.deepEqual((await stage.answer())['inherited'], { line: 1, n0: 4, n1: 4, n2: 4 });
    }
    assert.deepEqual([stage.connections, stage.hangUps], [1, 0]);
  });

  it('a program that stood still meanwhile is taken over when it goes on', async () => {
    stage.start();
    const { pid } = await stage.answer();
    process.kill(Number(pid), 'SIGSTOP');
    stage.afterwards(() => void process.kill(Number(pid), 'SIGCONT'));
    await stage.replaceKeeper();
    await until('the search', () => stage.events('orphan-found').length === 1);
    process.kill(Number(pid), 'SIGCONT');
    assert.deepEqual(await stage.answer(), { keeper: 'died' });
    assert.deepEqual((await stage.answer())['inherited'], { line: 1 });
  });

  it('one that does not answer any more is ended, and a new one begins', async () => {
    stage.start();
    const { pid } = await stage.answer();
    process.kill(Number(pid), 'SIGSTOP');
    await stage.replaceKeeper({ graceMs: 300 });
    await stage.answer();
    assert.equal(stage.events('orphan-killed')[0]?.['handedOver'], false);
  });

  it('a program that holds nothing is ended in favour of a new one', async () => {
    const more = [{ name: 'other', command: [process.execPath, '-e', 'setInterval(() => {}, 1e6)'] }];
    stage.start({ more });
    await stage.answer();
    const of = (event: string) => stage.events(event).filter(({ child }) => child === 'other');
    await until('it', () => of('child-started').length === 1);
    const pid = of('child-started')[0]?.['pid'];
    await stage.replaceKeeper({ more });
    await until('the next', () => of('child-started').length === 2);
    assert.equal(of('orphan-ended')[0]?.['pid'], pid);
    await until('the puppet', () => stage.events('child-started').length === 4);
  });

  it('takes no other process for one of its own, whatever the file says', async () => {
    const texts = ['{"pid":1}', 'x', '[]', `{"pid":${process.pid},"startTime":"1","bootId":"x"}`, '{"pid":-1}', 'null'];
    for (const text of texts) {
      writeFileSync(stage.path('puppet.pid'), text);
      stage.start();
      await stage.answer();
      assert.equal(stage.events('orphan-found').length, 0, text);
      stage.signal('SIGTERM');
      await stage.untilEnded();
      stage.status = undefined;
    }
  });

  it('a second keeper says which process is there, and changes nothing', async () => {
    stage.start();
    await stage.answer();
    const second = new Stage();
    stage.afterwards(() => second.close());
    second.start({ notifySocket: stage.notifySocket });
    await second.untilEnded();
    assert.match(JSON.stringify(second.log), new RegExp(`process ${stage.keeper?.pid} supervises`));
    assert.equal(second.events('child-started').length, 0);
    assert.deepEqual(await stage.order({ do: 'say', text: 'STATUS=here' }), { did: 'say' });
  });
});
