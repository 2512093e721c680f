import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { until } from '../support.ts';
import { Stage, stageForEach } from './stage.ts';

describe('supervise: upgrades', function () {
  this.timeout(30_000);
  let stage: Stage;
  stageForEach((next) => {
    stage = next;
  });

  for (const signal of ['SIGUSR2', 'SIGHUP'] as const) {
    it(`starts the program anew on ${signal}, with its connections`, async () => {
      stage.start();
      const first = await stage.answer();
      for (let i = 0; i < 3; i++) {
        stage.signal(signal);
        const next = await stage.answer();
        assert.deepEqual(next['inherited'], { line: 1 });
        assert.notEqual(next['pid'], first['pid']);
      }
      const ended = stage.events('child-ended');
      assert.deepEqual(
        ended.map(({ expected, restartInMs }) => ({ expected, restartInMs })),
        Array(3).fill({ expected: true, restartInMs: 0 }),
      );
      assert.deepEqual([stage.connections, stage.hangUps], [1, 0]);
    });
  }

  it('keeps the running program when the new one does not understand what is there, and tells why', async () => {
    stage.start({ checkCommand: stage.script('check', 'echo "state version 9" >&2; exit 3\n') });
    const { pid } = await stage.answer();
    stage.signal('SIGUSR2');
    await until('the refusal', () => stage.events('upgrade-refused').length === 1);
    assert.equal(stage.events('upgrade-refused')[0]?.['status'], 3);
    assert.ok(stage.events('text').some(({ text }) => text === 'state version 9'));
    assert.deepEqual(await stage.order({ do: 'say', text: 'STATUS=here' }), { did: 'say' });
    assert.equal(stage.events('child-started').length, 1);
    assert.equal(stage.events('child-started')[0]?.['pid'], pid);
  });

  it('keeps it when the check cannot run or never ends', async () => {
    for (const checkCommand of [['/nowhere/check'], ['/bin/sleep', '1000']]) {
      const one = new Stage();
      stage.afterwards(() => one.close());
      one.start({ checkCommand, graceMs: 50 });
      await one.answer();
      one.signal('SIGUSR2');
      await until('the refusal', () => one.events('upgrade-refused').length === 1);
      assert.deepEqual(await one.order({ do: 'say', text: 'STATUS=here' }), { did: 'say' });
      await one.close();
    }
  });

  it('kills a program that does not leave', async () => {
    stage.start({ graceMs: 50 }, {}, ['deaf']);
    await stage.answer();
    stage.signal('SIGUSR2');
    assert.deepEqual((await stage.answer())['inherited'], { line: 1 });
  });

  it('looks again when it is asked again while it looks', async () => {
    // The first check waits for the file, so that the second signal surely arrives during it.
    const check = `echo x >> '${stage.path('checks')}'; while ! [ -e '${stage.path('go')}' ]; do sleep 0.01; done\n`;
    stage.start({ checkCommand: stage.script('check', check) });
    await stage.answer();
    stage.signal('SIGUSR2');
    await until('the first check', () => existsSync(stage.path('checks')));
    stage.signal('SIGUSR2');
    stage.signal('SIGHUP');
    // Both signals are there before the check can end, and the kernel delivers them before the news of its end.
    stage.script('go', '');
    await stage.answer();
    assert.equal(stage.read('checks'), 'x\nx\n');
    assert.equal(stage.events('upgrade').length, 1);
  });

  it('stops at once, a check or not', async () => {
    const check = `touch '${stage.path('checks')}'; exec sleep 1000\n`;
    stage.start({ checkCommand: stage.script('check', check) });
    await stage.answer();
    stage.signal('SIGUSR2');
    await until('the check', () => existsSync(stage.path('checks')));
    stage.signal('SIGTERM');
    assert.equal(await stage.untilEnded(), 0);
    assert.equal(stage.events('upgrade-refused').length, 0);
  });

  it('does not wait out the pause of a program that does not live', async () => {
    const backoff = { firstMs: 1e6, longestMs: 1e6, goodLifeMs: 1e6 };
    stage.start({ command: stage.script('bad', 'exit 1\n'), backoff });
    await until('a pause', () => stage.events('child-ended').length === 2);
    stage.signal('SIGUSR2');
    await until('a third life', () => stage.events('child-started').length === 3);
  });
});
