import assert from 'node:assert/strict';
import { LookAgain } from '../../../../agent/relay/link/look-again.ts';

/** Milliseconds that a look takes here; a power of two, so that sums of it are exact. */
const LOOK = 1 / 64;
/** So many of them are 150 µs. */
const A_MOMENT = 10;

describe('a look for the next message', () => {
  let now = 0;
  let looks = 0;
  let eager: LookAgain;
  beforeEach(() => {
    [now, looks] = [1000, 0];
    eager = new LookAgain(() => now);
  });
  const look = (finds: (n: number) => boolean) => () => {
    looks += 1;
    now += LOOK;
    return finds(looks);
  };

  it('is given up when nothing came for a moment', () => {
    eager.while(look((n) => n === 5));
    assert.equal(looks, 5 + A_MOMENT);
  });

  it('ends after 5 ms though more messages come, as other ports wait', () => {
    eager.while(look(() => true));
    assert.equal(now, 1005);
  });

  it('is not made any more when 3 ms of a tenth of a second were spent in vain', () => {
    for (let i = 0; i < 100; i += 1) eager.while(look(() => false));
    const before = looks;
    assert.equal(before, 20 * A_MOMENT);
    eager.while(look(() => true));
    assert.equal(looks, before);
    now += 100;
    eager.while(look((n) => n <= before + 3));
    assert.equal(looks, before + 3 + A_MOMENT);
  });

  it('is in vain once for each dialogue: ten in a tenth of a second are relayed to their end', () => {
    for (let i = 1; i <= 10; i += 1) {
      const end = looks + 41;
      eager.while(look((n) => n <= end));
      assert.equal(looks, end + A_MOMENT);
    }
  });
});
