import assert from 'node:assert/strict';
import { Backoff } from '../../../agent/keeper/backoff.ts';
import { sparingly } from '../../../agent/keeper/sparingly.ts';

const SHORT = { ready: true, lastedMs: 499 };

describe('Backoff', () => {
  it('restarts at once, then after 20 ms, doubled up to 1 s', () => {
    const backoff = new Backoff();
    const pauses = Array.from({ length: 9 }, () => backoff.after(SHORT));
    assert.deepEqual(pauses, [0, 20, 40, 80, 160, 320, 640, 1000, 1000]);
  });

  it('forgets after a good life, and only then', () => {
    const backoff = new Backoff();
    for (let i = 0; i < 3; i++) backoff.after(SHORT);
    assert.equal(backoff.after({ ready: false, lastedMs: 60_000 }), 80);
    assert.equal(backoff.after({ ready: true, lastedMs: 500 }), 0);
    assert.equal(backoff.after(SHORT), 20);
  });

  it('stays at the longest pause, however often', () => {
    const backoff = new Backoff();
    for (let i = 0; i < 5000; i++) backoff.after(SHORT);
    assert.equal(backoff.after(SHORT), 1000);
  });
});

describe('sparingly', () => {
  it('says the first, second, fourth, eighth … time of each event', () => {
    const said: string[] = [];
    const log = sparingly((event, { time }) => said.push(`${event} ${String(time)}`));
    for (let i = 0; i < 20; i++) log('a', {});
    log('b', {});
    assert.deepEqual(said, ['a 1', 'a 2', 'a 4', 'a 8', 'a 16', 'b 1']);
  });
});
