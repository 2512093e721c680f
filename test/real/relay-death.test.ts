import { SupervisedAgent } from '../e2e/supervised.ts';
import { describeLives } from './lives.ts';
import { numberOf } from './seeded.ts';

/** For each guest; the full run has 100. */
const KILLS = numberOf('VHOST_COMPAT_KILLS', 4);

describe('the death of the agent under a running guest', function () {
  this.timeout(180_000 + KILLS * 10_000);
  describeLives({
    title: `killed ${KILLS} times`,
    times: KILLS,
    start: (peers) => SupervisedAgent.start(peers, 'host'),
    next: (agent) => agent.killAgent(),
  });
});
