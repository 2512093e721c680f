import assert from 'node:assert/strict';
import { InactivityProbe, type Liveness, ReconnectBackoff } from '../../../../rpc/ovsdb/wire/reconnect.ts';

describe('Backoff', () => {
  it('tries quickly once, then after 1, 2, 4 and 8 seconds', () => {
    const backoff = new ReconnectBackoff();
    const delays = [0, 1, 2, 3, 4, 5].map((now) => backoff.lost(now));
    assert.deepEqual(delays, [100, 1000, 2000, 4000, 8000, 8000]);
  });

  it('is quick again after a connection that has lasted', () => {
    const backoff = new ReconnectBackoff({ firstMs: 10, minMs: 100, maxMs: 150 });
    assert.deepEqual([backoff.lost(0), backoff.lost(0), backoff.lost(0)], [10, 100, 150]);
    backoff.connected(1000);
    assert.equal(backoff.lost(1100), 10);
  });

  it('is not quick after a connection that ended at once', () => {
    const backoff = new ReconnectBackoff({ firstMs: 10, minMs: 100, maxMs: 150 });
    backoff.lost(0);
    backoff.connected(1000);
    assert.equal(backoff.lost(1099), 100);
    assert.equal(backoff.lost(1099), 150);
  });
});

describe('InactivityProbe', () => {
  // With an interval of 1000, begun at 1000: when it is asked, when it hears something, and its last verdict.
  const cases: { title: string; checks: number[]; activity?: number; want: Liveness }[] = [
    { title: 'waits for the rest of the interval', checks: [1400], want: { do: 'wait', ms: 600 } },
    { title: 'asks after one', checks: [2000], want: { do: 'probe' } },
    { title: 'waits for the answer as long again', checks: [2000, 2100], want: { do: 'wait', ms: 900 } },
    { title: 'gives up then', checks: [2000, 3000], want: { do: 'give up' } },
    { title: 'begins anew with a sign of life', checks: [2000, 3500], activity: 2500, want: { do: 'probe' } },
  ];
  for (const { title, checks, activity, want } of cases) {
    it(title, () => {
      const probe = new InactivityProbe(1000, 1000);
      const verdicts = checks.map((now) => {
        if (activity !== undefined && activity < now) probe.activity(activity);
        return probe.check(now);
      });
      assert.deepEqual(verdicts.at(-1), want);
    });
  }
});
