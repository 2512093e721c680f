import assert from 'node:assert/strict';
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { injectFaults } from '../../../agent/fd/faults.ts';
import { bindDatagram, close, createEventFd, SystemCallError } from '../../../agent/fd/libc.ts';
import { receiveDatagram } from '../../../agent/fd/libc-message.ts';
import { DescriptorStore } from '../../../agent/keeper/descriptor-store.ts';
import { decodeNotification } from '../../../agent/keeper/notify-protocol.ts';
import { aWhile, openDescriptors, temporaryFolder, until } from '../support.ts';

/** A keeper that takes letters only when it is told to. */
class SlowKeeper {
  #fd: number;
  readonly path: string;
  readonly letters: string[] = [];
  readonly pids = new Set<number>();

  constructor(path: string) {
    this.path = path;
    this.#fd = bindDatagram(path);
  }

  /** Takes in what waits; the descriptors are counted and closed. */
  read(): void {
    while (this.readOne());
  }

  /** False: nothing waits. */
  readOne(): boolean {
    const room = Buffer.alloc(4096);
    const got = receiveDatagram(this.#fd, room);
    if (!got) return false;
    const { action, name } = decodeNotification(room.subarray(0, got.bytes));
    this.letters.push(`${action ?? 'notify'} ${name} ${got.fds.length}`);
    this.pids.add(got.pid);
    for (const fd of got.fds) close(fd);
    return true;
  }

  die(): void {
    close(this.#fd);
    if (!this.path.startsWith('@')) unlinkSync(this.path);
  }
}

describe('DescriptorStore', () => {
  const folder = temporaryFolder();
  const path = join(folder.path, 'notify');
  let before: number;
  let keeper: SlowKeeper;
  let store: DescriptorStore;
  let fd: number;
  let said: string[];

  beforeEach(() => {
    before = openDescriptors();
    keeper = new SlowKeeper(path);
    store = new DescriptorStore(path);
    fd = createEventFd();
    said = [];
  });

  afterEach(() => {
    store.close();
    close(fd);
    assert.equal(openDescriptors(), before);
  });

  after(() => folder.remove());

  function note(name: string): (error?: Error) => void {
    return (error) => said.push(error ? `${name}: ${error.message}` : name);
  }

  function fill(): number {
    let sent = 0;
    for (let i = 0; store.waiting === 0; i++) {
      store.store(`fill${i}`, [fd], note('fill'));
      sent = i;
    }
    said.length = 0;
    return sent;
  }

  it('is not there without a keeper, and is told once', () => {
    assert.equal(DescriptorStore.fromEnvironment({}), undefined);
    assert.equal(DescriptorStore.fromEnvironment({ NOTIFY_SOCKET: '' }), undefined);
    const env: NodeJS.ProcessEnv = { NOTIFY_SOCKET: path, HOME: '/' };
    const one = DescriptorStore.fromEnvironment(env);
    assert.deepEqual(env, { HOME: '/' });
    one?.store('x', [fd, fd], note('x'));
    assert.deepEqual(said, ['x']); // before store returned
    keeper.read();
    assert.deepEqual(keeper.letters, ['store x 2']);
    assert.deepEqual([...keeper.pids], [process.pid]);
    one?.close();
    keeper.die();
  });

  it('gives systemd no more names than fit the environment of the next process', () => {
    const names = Math.floor(131_056 / 8);
    let stored = 0;
    let refused: Error | undefined;
    for (let i = 0; i < names + 8 && !refused; i += 4) {
      const name = `vc-${String(i / 4).padStart(4, '0')}`;
      store.store(name, [fd, fd, fd, fd], (error) => {
        refused = error;
      });
      if (!refused) stored += 4;
      keeper.read();
    }
    assert.equal(stored, 16_380);
    assert.match(
      String(refused),
      /Cannot store "vc-4095": the names of its 16380 descriptors take 131040 of 131056 bytes/,
    );
    store.remove('vc-0000');
    store.store('vc-4095', [fd, fd, fd, fd], note('the next one'));
    keeper.read();
    assert.deepEqual(said, ['the next one']);
    keeper.die();
  });

  it('speaks to abstract addresses', () => {
    const abstract = new SlowKeeper(`@vc-test-${process.pid}`);
    const one = new DescriptorStore(abstract.path);
    one.store('x', [fd], note('x'));
    abstract.read();
    assert.deepEqual(abstract.letters, ['store x 1']);
    one.close();
    abstract.die();
    keeper.die();
  });

  it('keeps the order when the queue is full, and goes on when it is not', async () => {
    const first = fill();
    for (let i = 0; i < 100; i++) {
      store.store(`n${i}`, [fd, fd], note(`n${i}`));
      if (i % 10 === 0) store.remove(`old${i}`);
    }
    store.notify('READY=1');
    assert.deepEqual(said, []);
    await until('all letters', () => {
      keeper.read();
      return store.waiting === 0;
    });
    keeper.read();
    const wanted = Array.from({ length: 100 }, (_, i) => [
      `store n${i} 2`,
      ...(i % 10 === 0 ? [`remove old${i} 0`] : []),
    ]).flat();
    assert.deepEqual(keeper.letters.slice(first + 1), [...wanted, 'notify stored 0']);
    assert.deepEqual(
      said.filter((one) => one !== 'fill'),
      Array.from({ length: 100 }, (_, i) => `n${i}`),
    );
    keeper.die();
  });

  it('does not wait for a keeper that takes nothing, and has things kept again when it does', async () => {
    fill();
    store.store('x', [fd], note('x'));
    await until('an answer', () => said.some((one) => one.startsWith('x: ')));
    assert.equal(said.at(-1), 'x: Cannot store "x": the keeper took nothing for 1000 ms');
    keeper.read();
    store.store('y', [fd], note('y'));
    await until('y stored', () => said.includes('y'));
    keeper.read();
    assert.equal(keeper.letters.at(-1), 'store y 1');
    keeper.die();
  });

  it('waits for a keeper that is slow: whoever waits longest waits for the others', async () => {
    fill();
    for (let i = 0; i < 4; i++) store.store(`n${i}`, [fd], note(`n${i}`));
    for (let i = 0; i < 6; i++) {
      await aWhile(400);
      assert.equal(keeper.readOne(), true);
    }
    await until('all stored', () => said.includes('n3'));
    assert.deepEqual(
      said.filter((one) => one !== 'fill'),
      ['n0', 'n1', 'n2', 'n3'],
    );
    keeper.read();
    keeper.die();
  });

  it('cancels a store that waits when it is removed', async () => {
    fill();
    store.store('x', [fd], note('x'));
    store.store('y', [fd], note('y'));
    store.remove('x');
    store.remove('x');
    assert.deepEqual(said, ['x: Cannot store "x": it was removed before it was sent']);
    store.store('x', [fd], note('x again'));
    await until('all letters', () => {
      keeper.read();
      return store.waiting === 0;
    });
    keeper.read();
    assert.deepEqual(keeper.letters.slice(-3), ['store y 1', 'remove x 0', 'store x 1']);
    keeper.die();
  });

  it('says that the keeper is gone, to those who wait as well, and finds it when it is back', async () => {
    fill();
    store.store('x', [fd], note('x'));
    keeper.die();
    await until('both answers', () => store.waiting === 0);
    assert.equal(said.length, 2); // the last of fill, and x
    assert.match(said[1] ?? '', /^x: Cannot (send|connect): (ECONNREFUSED|ENOENT)$/);
    store.store('y', [fd], note('y'));
    assert.match(said[2] ?? '', /^y: Cannot connect: ENOENT$/);
    keeper = new SlowKeeper(path);
    store.store('z', [fd], note('z'));
    assert.equal(said[3], 'z');
    keeper.read();
    assert.deepEqual(keeper.letters, ['store z 1']);
    keeper.die();
    store.store('lost', [fd], note('lost'));
    assert.match(said[4] ?? '', /^lost: Cannot send: ECONNREFUSED$/);
  });

  it('survives that the n-th store fails, for each n', () => {
    const notOpen = 1_000_000;
    for (let n = 0; n < 5; n++) {
      said.length = 0;
      for (let i = 0; i < 5; i++) store.store(`s${i}`, i === n ? [fd, notOpen] : [fd], note(`s${i}`));
      const wanted = Array.from({ length: 5 }, (_, i) => (i === n ? `s${i}: Cannot send: EBADF` : `s${i}`));
      assert.deepEqual(said, wanted);
      keeper.read();
      assert.equal(keeper.letters.length, 4 * (n + 1));
    }
    keeper.die();
  });

  it('sends a removal once more that the system did not take', () => {
    store.store('a', [fd], () => {});
    let calls = 0;
    injectFaults((call) => {
      if (call === 'sendmsg' && ++calls === 1) throw new SystemCallError('send', 105);
    });
    try {
      store.remove('a');
    } finally {
      injectFaults(undefined);
    }
    keeper.read();
    assert.deepEqual(keeper.letters, ['store a 1', 'remove a 0']);
    keeper.die();
  });

  it('lets itself be used from within an answer', () => {
    store.store('a', [fd], () => {
      store.store('b', [fd], note('b'));
      store.remove('a');
      said.push('a');
    });
    assert.deepEqual(said, ['a', 'b']);
    store.store('c', [fd], () => store.close());
    keeper.read();
    assert.deepEqual(keeper.letters, ['store a 1', 'store b 1', 'remove a 0', 'store c 1']);
    store.store('d', [fd], note('d'));
    assert.match(said[2] ?? '', /^d: .*was closed$/);
    keeper.die();
  });

  it('tells those who wait when it is closed', () => {
    fill();
    store.store('x', [fd], note('x'));
    store.close();
    assert.equal(said.length, 2);
    assert.match(said[1] ?? '', /was closed$/);
    keeper.read();
    keeper.die();
  });
});
