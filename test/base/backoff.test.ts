import assert from 'node:assert/strict';
import { Backoff } from '../../base/backoff.ts';

describe('Backoff', () => {
  it('begins with the first pause and doubles it up to the longest', () => {
    const backoff = new Backoff({ firstMs: 100, longestMs: 500 });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => backoff.next()),
      [100, 200, 400, 500, 500],
    );
  });

  it('begins with a quick pause where one is given, and again after a success', () => {
    const backoff = new Backoff({ quickMs: 0, firstMs: 20, longestMs: 1000 });
    const pauses = Array.from({ length: 9 }, () => backoff.next());
    assert.deepEqual(pauses, [0, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    assert.equal(backoff.failures, 9);
    backoff.reset();
    assert.deepEqual([backoff.next(), backoff.next()], [0, 20]);
  });

  it('stays at the longest pause, however often', () => {
    const backoff = new Backoff({ firstMs: 20, longestMs: 1000 });
    for (let i = 0; i < 5000; i++) backoff.next();
    assert.equal(backoff.next(), 1000);
  });
});
