import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { bindDatagram, close, socketPair } from '../../../agent/fd/libc.ts';
import { receiveDatagram } from '../../../agent/fd/libc-message.ts';
import { OwnedFd } from '../../../agent/fd/owned-fd.ts';
import { DescriptorStore } from '../../../agent/keeper/descriptor-store.ts';
import { aWhile, until } from '../support.ts';
import { kill, program, Stage, stageForEach } from './stage.ts';

const QUICK = { firstMs: 1, longestMs: 4, goodLifeMs: 10_000 };

function pidOf(answer: Record<string, unknown>): number {
  assert.equal(typeof answer['pid'], 'number');
  return answer['pid'] as number;
}

describe('supervise: a program and its descriptors', function () {
  this.timeout(30_000);
  let stage: Stage;
  stageForEach((next) => {
    stage = next;
  });

  it('gives the next life the connections of the one before', async () => {
    stage.start();
    const first = await stage.answer();
    assert.deepEqual(first['inherited'], {});
    assert.deepEqual(first['given'], ['FDSTORE', 'NOTIFY_SOCKET']);
    for (let life = 2; life < 5; life++) {
      process.kill(pidOf(stage.answers.at(-1) ?? {}), 'SIGKILL');
      const next = await stage.answer();
      assert.deepEqual(next['inherited'], { line: 1 });
      assert.deepEqual(next['given'], ['FDSTORE', 'LISTEN_FDNAMES', 'LISTEN_FDS', 'LISTEN_PID', 'NOTIFY_SOCKET']);
      assert.deepEqual(next['left'], []);
    }
    assert.deepEqual([stage.connections, stage.hangUps], [1, 0]);
    assert.equal(stage.events('child-ended')[0]?.['restartInMs'], 0);
  });

  it('takes more stores at once than the queue of the kernel holds', async () => {
    stage.start();
    await stage.answer();
    // 10 as the kernel has it, 512 where systemd has been.
    const count = 100 + Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8'));
    stage.signal('SIGSTOP'); // so that it does not read as fast as they come
    stage.tell({ do: 'store', name: 'many', count, each: 4 });
    await aWhile(200);
    stage.signal('SIGCONT');
    const stored = await stage.answer('the stores');
    assert.deepEqual([stored['done'], stored['failed']], [count, 0]);
    assert.ok((stored['atOnce'] as number) < count, 'the queue was never full: this test shows nothing');
    stage.tell({ do: 'exit', status: 1 });
    const next = await stage.answer();
    const inherited = next['inherited'] as Record<string, number>;
    assert.equal(Object.keys(inherited).length, count + 1);
    for (let i = 0; i < count; i++) assert.equal(inherited[`many${i}`], 4);
  });

  it('carries 1,500 descriptors through two restarts, without one more or less', async () => {
    stage.start();
    await stage.answer();
    const empty = await stage.keeperDescriptors();
    await stage.order({ do: 'store', name: 'n', count: 375, each: 4 });
    for (let i = 0; i < 2; i++) {
      stage.tell({ do: 'exit', status: 1 });
      const inherited = (await stage.answer())['inherited'] as Record<string, number>;
      const sum = Object.values(inherited).reduce((a, b) => a + b, 0);
      assert.equal(sum, 1501);
      await stage.untilKeeperHas(empty + 1500);
    }
  });

  for (const interfaces of [1875, 2400]) {
    it(`carries the descriptors of ${interfaces} interfaces, whose names fit no variable`, async () => {
      stage.start();
      await stage.answer();
      stage.tell({ do: 'store', name: 'vc-0123456789ab-', count: interfaces, each: 4 });
      await stage.answer('the stores');
      for (let i = 0; i < 2; i++) {
        stage.tell({ do: 'exit', status: 1 });
        const next = await stage.answer();
        const inherited = Object.entries(next['inherited'] as Record<string, number>);
        assert.deepEqual(
          inherited.filter(([, count]) => count !== 4),
          [['line', 1]],
        );
        assert.equal(inherited.length, interfaces + 1);
        assert.deepEqual(next['left'], []);
      }
      assert.deepEqual([stage.connections, stage.hangUps], [1, 0]);
      assert.equal(stage.events('store-refused').length, 0);
    });
  }

  it('gives up what is removed, and only that', async () => {
    stage.start();
    await stage.answer();
    const empty = await stage.keeperDescriptors();
    await stage.order({ do: 'store', name: 'n', count: 3, each: 2 });
    await stage.order({ do: 'remove', name: 'n1' });
    await stage.order({ do: 'remove', name: 'never-there' });
    stage.tell({ do: 'exit', status: 1 });
    assert.deepEqual((await stage.answer())['inherited'], { line: 1, n0: 2, n2: 2 });
    await stage.untilKeeperHas(empty + 4);
  });

  it('says how many it keeps, so that the program knows what would be refused', async () => {
    stage.start({ maxDescriptors: 6 });
    await stage.answer();
    const { done, failed } = await stage.order({ do: 'store', name: 'n', count: 4, each: 2 });
    assert.deepEqual([done, failed], [4, 2]);
    stage.tell({ do: 'exit', status: 1 });
    assert.deepEqual((await stage.answer())['inherited'], { line: 1, n0: 2, n1: 2 });
    assert.equal(
      (await stage.order({ do: 'store', name: 'more', count: 1, each: 2 }))['failed'],
      1,
      'and the next life',
    );
    await stage.order({ do: 'remove', name: 'n0' });
    assert.equal((await stage.order({ do: 'store', name: 'more', count: 1, each: 2 }))['failed'], 0);
    assert.equal(stage.events('store-refused').length, 0);
  });

  it('refuses what is above the limit whole, and goes on', async () => {
    stage.start({ maxDescriptors: 6 }, {}, ['uncounted']);
    await stage.answer();
    const empty = await stage.keeperDescriptors();
    await stage.order({ do: 'store', name: 'n', count: 4, each: 2 });
    await until('both refusals', () => stage.events('store-refused').length === 2);
    await stage.untilKeeperHas(empty + 4);
    await stage.order({ do: 'remove', name: 'n0' });
    await stage.order({ do: 'store', name: 'again', count: 1, each: 2 });
    stage.tell({ do: 'exit', status: 1 });
    assert.deepEqual((await stage.answer())['inherited'], { line: 1, n1: 2, again0: 2 });
  });

  it('waits longer and longer for a program that does not live, and never gives up', async () => {
    stage.start({ command: stage.script('bad', 'exit 1\n'), backoff: QUICK });
    await until('eight lives', () => stage.events('child-ended').length >= 8);
    const pauses = stage.events('child-ended').map(({ restartInMs }) => restartInMs);
    assert.deepEqual(pauses.slice(0, 6), [0, 1, 2, 4, 4, 4]);
  });

  it('stops during such a pause', async () => {
    stage.start({ command: stage.script('bad', 'exit 1\n'), backoff: { ...QUICK, firstMs: 1e6, longestMs: 1e6 } });
    await until('a pause', () => stage.events('child-ended').length === 2);
    stage.signal('SIGTERM');
    assert.equal(await stage.untilEnded(), 0);
  });

  it('goes on trying where the program cannot be started at all', async () => {
    stage.start({ command: ['/nowhere/at/all'], backoff: QUICK });
    await until('three tries', () => stage.events('child-ended').length >= 3);
    assert.match(String(stage.events('child-ended')[0]?.['error']), /ENOENT/);
  });

  for (const status of [0, 2, 3]) {
    it(`ends with a program that ends with ${status} before it was ever ready`, async () => {
      stage.start({ command: stage.script('done', `exit ${status}\n`) });
      assert.equal(await stage.untilEnded(), status);
      assert.equal(existsSync(stage.notifySocket), false);
    });
  }

  it('goes on after exit 0 when something is kept, or when the program was ready', async () => {
    stage.start();
    await stage.answer(); // `line` is kept
    stage.tell({ do: 'exit', status: 0 });
    await stage.answer();
    await stage.order({ do: 'say', text: 'READY=1' });
    await stage.order({ do: 'remove', name: 'line' });
    stage.tell({ do: 'exit', status: 0 });
    assert.deepEqual((await stage.answer())['inherited'], {});
    assert.equal(stage.connections, 2);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends everything on ${signal}: the program, its connections, the socket file`, async () => {
      stage.start();
      const pid = pidOf(await stage.answer());
      await stage.order({ do: 'store', name: 'n', count: 1 });
      stage.signal(signal);
      assert.equal(await stage.untilEnded(), 0);
      await until('the hang-up', () => stage.hangUps === 1);
      assert.equal(existsSync(stage.notifySocket), false);
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    });
  }

  it('kills a program that does not follow', async () => {
    stage.start({ graceMs: 50 }, {}, ['deaf']);
    await stage.answer();
    stage.signal('SIGTERM');
    assert.equal(await stage.untilEnded(), 0);
    assert.deepEqual(stage.events('child-ended')[0]?.['signal'], 'SIGKILL');
  });

  it('ends connections that others hold, too', async () => {
    const holders = stage.path('holders');
    const pids = (): number[] => stage.read('holders').trim().split('\n').map(Number);
    stage.afterwards(() => void pids().map(kill));
    const helper = stage.script('helper', `sleep 1000 >/dev/null 2>&1 &\necho $! >> '${holders}'; exec "$@"\n`);
    stage.start({ command: [...helper, ...program('puppet'), stage.path('line')] });
    await stage.answer();
    stage.tell({ do: 'exit', status: 1 });
    await stage.answer(); // this life's helper inherited the connection
    stage.signal('SIGTERM');
    await stage.untilEnded();
    await until('the hang-up', () => stage.hangUps === 1);
    assert.equal(pids().length, 2);
    for (const pid of pids()) assert.ok(kill(pid), 'the holder was gone: this test shows nothing');
  });

  it('lets nobody else store, remove or speak', async () => {
    stage.start();
    await stage.answer();
    const empty = await stage.keeperDescriptors();
    assert.equal(statSync(stage.notifySocket).mode & 0o777, 0o600);
    const stranger = new DescriptorStore(stage.notifySocket);
    const [ours, theirs] = socketPair();
    stage.afterwards(() => [ours, theirs].forEach(close));
    stage.afterwards(() => stranger.close());
    for (let i = 0; i < 50; i++) stranger.store(`x${i}`, [ours, theirs], () => {});
    stranger.remove('line');
    stranger.notify('READY=1');
    await until('all was said', () => stranger.waiting === 0);
    await until('52 refusals', () => stage.events('message-refused').some(({ leftOut }) => leftOut === 15));
    stage.tell({ do: 'exit', status: 1 });
    assert.deepEqual((await stage.answer())['inherited'], { line: 1 });
    await stage.untilKeeperHas(empty);
    assert.equal(stage.events('child-ready').length, 0);
    assert.ok(stage.events('message-refused').length <= 6, 'a stranger fills the log');
  });

  it('closes what comes with a message that makes no sense', async () => {
    stage.start();
    await stage.answer();
    const senseless = ['FDNAME=a:b\nFDSTORE=1', 'FDSTOREREMOVE=1', 'FDSTORE=1\nFDSTOREREMOVE=1\nFDNAME=line'];
    for (const text of senseless) assert.deepEqual(await stage.order({ do: 'say', text }), { did: 'say' });
    await stage.order({ do: 'say', text: `STATUS=${'x'.repeat(5000)}` });
    await until('the refusals', () => stage.events('message-refused').some(({ leftOut }) => leftOut === 1));
    stage.tell({ do: 'exit', status: 1 });
    assert.deepEqual((await stage.answer())['inherited'], { line: 1 });
  });

  it('replaces the socket file of a keeper that was killed, and no other', async () => {
    close(bindDatagram(stage.notifySocket)); // the file stays
    stage.start();
    await stage.answer();
    const second = new Stage();
    stage.afterwards(() => second.close());
    second.start({ notifySocket: stage.notifySocket });
    assert.notEqual(await second.untilEnded(), 0);
    assert.match(JSON.stringify(second.log), /another process serves this socket/);
    assert.equal(existsSync(stage.notifySocket), true);
  });

  it('passes on to its own keeper that the program is ready, and keeps the variable from the program', async () => {
    const upper = new OwnedFd(bindDatagram(stage.path('upper')));
    stage.afterwards(() => upper.close());
    stage.start({}, { NOTIFY_SOCKET: stage.path('upper'), WATCHDOG_USEC: '1', LISTEN_FDS: '7' });
    assert.deepEqual((await stage.answer())['given'], ['FDSTORE', 'NOTIFY_SOCKET']);
    await stage.order({ do: 'say', text: 'READY=1\nSTATUS=up' });
    const room = Buffer.alloc(100);
    const heard: string[] = [];
    const listen = (): boolean => {
      const got = receiveDatagram(upper.raw, room);
      if (got) heard.push(room.toString('utf8', 0, got.bytes));
      return heard.includes('READY=1');
    };
    await until('READY=1', listen);
  });

  it('leaves a path alone that is no socket', async () => {
    stage.script('notify', 'a file');
    stage.start();
    assert.notEqual(await stage.untilEnded(), 0);
    assert.equal(stage.read('notify'), 'a file');
  });
});
