import assert from 'node:assert/strict';
import { closeApart } from '../../../agent/fd/close-apart.ts';
import { createEventFd, duplicate, SystemCallError } from '../../../agent/fd/libc.ts';
import { until } from '../support.ts';

function isOpen(fd: number): boolean {
  try {
    duplicateAndClose(fd);
    return true;
  } catch (error) {
    assert.ok(error instanceof SystemCallError && error.code === 'EBADF');
    return false;
  }
}

function duplicateAndClose(fd: number): void {
  closeApart(duplicate(fd));
}

describe('closing apart', () => {
  it('closes each descriptor, also more than there are processes for at once, and says so once', async () => {
    const fds = Array.from({ length: 700 }, () => createEventFd());
    const closed: number[] = [];
    for (const fd of fds) closeApart(fd, () => closed.push(fd));
    assert.deepEqual(closed, [], 'not before it returns');
    await until('all are closed', () => closed.length === fds.length);
    assert.deepEqual(new Set(closed), new Set(fds));
    assert.deepEqual(fds.filter(isOpen), []);
  });

  it('goes on while more come all the time', async () => {
    let [asked, closed] = [0, 0];
    for (const end = performance.now() + 500; performance.now() < end; asked += 1) {
      closeApart(createEventFd(), () => {
        closed += 1;
      });
      if (asked % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(closed > 0, `${asked} were to be closed`);
    await until('all are closed', () => closed === asked);
  });
});
