import { SupervisedAgent } from '../e2e/supervised.ts';
import { describeLives } from './lives.ts';
import { BACKENDS } from './relay-cells.ts';
import { numberOf } from './seeded.ts';

/** For each guest; the full run has 100, in front of each back-end. */
const KILLS = numberOf('VHOST_COMPAT_KILLS', 2);

describe('the death of the manager process under a running guest', function () {
  this.timeout(180_000 + KILLS * 10_000);
  describeLives({
    title: `killed ${KILLS} times, its manager process alone`,
    times: KILLS,
    start: (peers) => SupervisedAgent.start(peers, 'host'),
    next: (agent) => agent.killManager(),
    backends: KILLS > 2 ? BACKENDS : BACKENDS.slice(0, 1),
  });
});
