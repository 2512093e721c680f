import { SupervisedAgent } from '../e2e/supervised.ts';
import { describeLives } from './lives.ts';
import { numberOf } from './seeded.ts';

/** For each guest; the full run has 10. */
const UPGRADES = numberOf('VHOST_COMPAT_UPGRADES', 2);

describe('an upgrade of the agent under a running guest', function () {
  this.timeout(180_000 + UPGRADES * 10_000);
  describeLives({
    title: `upgraded ${UPGRADES} times`,
    times: UPGRADES,
    start: (peers) => SupervisedAgent.start(peers, 'host'),
    next: (agent) => agent.upgrade(),
  });
});
