import assert from 'node:assert/strict';
import { Restraint } from '../../../agent/relay/restraint.ts';

describe('restraint', () => {
  /** Which of so many of one kind in a row passed, and how many were left out before each. */
  function passed(restraint: Restraint, times: number, kind = 'refused'): [time: number, leftOut: number][] {
    const all = Array.from({ length: times }, (_, i): [number, number | undefined] => [i + 1, restraint.pass(kind)]);
    return all.filter((one): one is [number, number] => one[1] !== undefined);
  }

  it('lets few pass one by one, and of many each power of two, with the number of those that did not', () => {
    const restraint = new Restraint(() => 0);
    const told = passed(restraint, 100);
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
    const restraint = new Restraint(() => 0);
    passed(restraint, 100, 'busy');
    assert.equal(restraint.pass('refused'), 0);
  });

  it('begins anew after a minute, and says then what it kept back', () => {
    let now = 0;
    const restraint = new Restraint(() => now);
    passed(restraint, 40);
    now = 60_000;
    assert.equal(restraint.pass('refused'), 8);
    assert.equal(restraint.pass('refused'), 0);
  });
});
