import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { injectFaults } from '../../../../agent/fd/faults.ts';
import { SystemCallError } from '../../../../agent/fd/libc.ts';
import { Port } from '../../../../agent/relay/port/port.ts';
import { RING_PACKED } from '../../../../compat-tables/bits/named-masks.ts';
import { aWhile, benchForEach, Hooks, until, untilState } from '../../support.ts';
import { TestHandover } from './keepers.ts';

const ENOSPC = 28;

describe('a port that somebody keeps', () => {
  const bench = benchForEach(() => {
    injectFaults(undefined);
    handover.close();
  });
  let handover: TestHandover;
  beforeEach(() => {
    handover = new TestHandover();
  });

  function start(hooks: Hooks, kept?: TestHandover): Port {
    const [frontend, backend] = [bench.endpoint('listen', 'f'), bench.endpoint('connect', 'b')];
    const port = new Port({ name: 'p', deviceType: 'vhost-user-net', frontend, backend }, hooks, { handover: kept });
    bench.also({ close: () => void port.stop() });
    port.start();
    return port;
  }
  const notKept = (hooks: Hooks) => hooks.events.filter(({ kind }) => kind === 'not-kept');
  const journals = () => (existsSync(handover.folder) ? readdirSync(handover.folder) : []);

  it('is kept from before the first message until the front-end is gone', async () => {
    await bench.backend();
    const hooks = new Hooks();
    start(hooks, handover);
    const frontend = await bench.frontend();
    await frontend.negotiate();
    assert.equal(handover.stored.size, 1);
    assert.equal([...handover.stored.values()][0]?.length, 2);
    assert.equal(journals().length, 1);
    assert.deepEqual(notKept(hooks), []);
    frontend.close();
    await until('nothing is kept', () => handover.stored.size === 0);
    assert.deepEqual(journals(), []);
  });

  const failures: { title: string; says: RegExp; fail(): void; stored: boolean }[] = [
    {
      title: 'the keeper says no',
      says: /Cannot keep the connections of p: no room/,
      stored: true,
      fail: () => {
        handover.failure = (done) => done(new Error('no room'));
      },
    },
    {
      title: 'the keeper says no later',
      says: /Cannot keep the connections of p: no answer/,
      stored: true,
      fail: () => {
        handover.failure = (done) => void setTimeout(() => done(new Error('no answer')), 20);
      },
    },
    {
      title: 'the keeper cannot be spoken to',
      says: /Cannot keep the connections of p: Cannot send: E/,
      stored: true,
      fail: () => {
        handover.failure = () => {
          throw new SystemCallError('send', ENOSPC);
        };
      },
    },
    {
      title: 'the folder of the journals is none',
      says: /Cannot keep the connections of p: E\w+/,
      stored: false,
      fail: () => writeFileSync(handover.folder, ''),
    },
    {
      title: 'the first record cannot be written',
      says: /Cannot keep the connections of p: Cannot write: ENOSPC/,
      stored: false,
      fail: () =>
        injectFaults((call) => {
          if (call === 'journal') throw new SystemCallError('write', ENOSPC);
        }),
    },
  ];
  for (const { title, says, fail, stored } of failures) {
    it(`serves the front-end all the same when ${title}`, async () => {
      await bench.backend();
      const hooks = new Hooks();
      fail();
      const port = start(hooks, handover);
      const frontend = await bench.frontend();
      const { acked } = await frontend.negotiate();
      assert.equal(port.status.acked, acked);
      const [event] = notKept(hooks);
      assert.equal(event?.code, 'VC-KEEP');
      assert.match(event.text, says);
      assert.equal(notKept(hooks).filter(({ code }) => code === 'VC-KEEP').length, 1);
      assert.equal(handover.removed.length, stored ? 1 : 0, 'what may have arrived is taken back');
      if (existsSync(handover.folder) && stored) assert.deepEqual(journals(), []);
      assert.deepEqual(hooks.codes(), []);
    });
  }

  /** A keeper that has not taken anything yet, and will not. */
  function busy(): void {
    const waiting: ((error?: Error) => void)[] = [];
    handover.failure = (done) => void waiting.push(done);
    handover.remove = () => {
      for (const done of waiting.splice(0)) done(new Error('it was removed before it was sent'));
    };
  }

  it('does not take a front-end for silent that nobody listens to yet', async function () {
    this.timeout(10_000);
    busy();
    await bench.backend();
    const hooks = new Hooks();
    const port = start(hooks, handover);
    const first = await bench.frontend();
    first.tell('GET_FEATURES');
    await untilState(port, 'connected');
    await aWhile(1100);
    await (await bench.frontend()).ended;
    assert.equal(first.isOpen, true);
    assert.deepEqual(hooks.codes(), ['VC-FRONTEND-BUSY']);
    assert.match(hooks.events.at(-1)?.text ?? '', /connected while process/);
  });

  it('does not complain of a front-end that left before it was kept', async () => {
    busy();
    await bench.backend();
    const hooks = new Hooks();
    const port = start(hooks, handover);
    const frontend = await bench.frontend();
    await untilState(port, 'connected');
    frontend.close();
    await untilState(port, 'waiting-frontend');
    assert.deepEqual(notKept(hooks), []);
    assert.deepEqual(journals(), []);
  });

  it('goes on when a later record cannot be written, and takes back what it gave', async () => {
    await bench.backend();
    const hooks = new Hooks();
    start(hooks, handover);
    const frontend = await bench.frontend();
    await frontend.negotiateProtocol();
    assert.equal(handover.stored.size, 1);
    injectFaults((call) => {
      if (call === 'journal') throw new SystemCallError('write', ENOSPC);
    });
    await frontend.negotiate();
    assert.deepEqual(
      notKept(hooks).map(({ code }) => code),
      ['VC-KEEP', 'VC-KEEP-PACKED'],
    );
    assert.equal(handover.stored.size, 0);
    assert.deepEqual(journals(), []);
  });

  it('says so when a guest takes packed rings, which nobody can find again, and nobody keeps it', async () => {
    await bench.backend();
    const hooks = new Hooks();
    start(hooks);
    const frontend = await bench.frontend();
    const { acked } = await frontend.negotiate();
    assert.notEqual(acked & RING_PACKED, 0n);
    const [event, ...more] = notKept(hooks);
    assert.equal(event?.code, 'VC-KEEP-PACKED');
    assert.match(event.text, /The guest of p uses packed rings, and nobody keeps its connections/);
    assert.deepEqual(more, []);
  });

  it('says nothing of a guest with split rings that nobody keeps', async () => {
    await bench.backend();
    const hooks = new Hooks();
    const port = start(hooks);
    const frontend = await bench.frontend();
    const { features } = await frontend.negotiateProtocol();
    await frontend.negotiate({ ack: features & ~RING_PACKED });
    assert.equal(port.status.state, 'negotiated');
    assert.deepEqual(notKept(hooks), []);
  });
});
