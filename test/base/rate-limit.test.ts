import assert from 'node:assert/strict';
import { RateLimit } from '../../base/rate-limit.ts';

const A_MINUTE = { burst: 16, windowMs: 60_000 };

describe('RateLimit', () => {
  /** Which of so many of one kind in a row passed, and how many were left out before each. */
  function passed(limit: RateLimit, times: number, kind = 'refused'): [time: number, leftOut: number][] {
    const all = Array.from({ length: times }, (_, i): [number, number | undefined] => [i + 1, limit.pass(kind)]);
    return all.filter((one): one is [number, number] => one[1] !== undefined);
  }

  it('lets few pass one by one, and of many each power of two, with the number of those that did not', () => {
    const limit = new RateLimit({ ...A_MINUTE, now: () => 0 });
    const told = passed(limit, 100);
    assert.deepEqual(
      told.map(([time]) => time),
      [...Array.from({ length: 16 }, (_, i) => i + 1), 32, 64],
    );
    assert.deepEqual(told.slice(-3), [
      [16, 0],
      [32, 15],
      [64, 31],
    ]);
  });

  it('counts each kind by itself', () => {
    const limit = new RateLimit({ ...A_MINUTE, now: () => 0 });
    passed(limit, 100, 'busy');
    assert.equal(limit.pass('refused'), 0);
  });

  it('begins anew after a minute, and says then what it kept back', () => {
    let now = 0;
    const limit = new RateLimit({ ...A_MINUTE, now: () => now });
    passed(limit, 40);
    now = 60_000;
    assert.equal(limit.pass('refused'), 8);
    assert.equal(limit.pass('refused'), 0);
  });

  it('says the first, second, fourth, eighth … of each kind when nothing is over in time', () => {
    const limit = new RateLimit({ burst: 1, windowMs: Number.POSITIVE_INFINITY });
    assert.deepEqual(
      passed(limit, 20).map(([time]) => time),
      [1, 2, 4, 8, 16],
    );
    assert.equal(limit.pass('another'), 0);
  });

  it('remembers a bounded number of kinds', () => {
    const limit = new RateLimit({ burst: 1, windowMs: Number.POSITIVE_INFINITY });
    limit.pass('first');
    for (let i = 0; i < 1000; i++) limit.pass(`kind ${i}`);
    assert.equal(limit.pass('first'), 0);
    limit.pass('first');
    assert.equal(limit.pass('first'), undefined);
  });
});
