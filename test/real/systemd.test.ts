import { BOTH_UNITS, SystemdAgent } from '../e2e/under-systemd.ts';
import type { Peers } from '../peers/process.ts';
import { needsSystemd } from '../peers/systemd.ts';
import { describeLives } from './lives.ts';
import { BACKENDS } from './relay-cells.ts';
import { numberOf } from './seeded.ts';

/** For each guest; the full runs have 100 and 10. */
const KILLS = numberOf('VHOST_COMPAT_KILLS', 4);
const RESTARTS = numberOf('VHOST_COMPAT_UPGRADES', 2);

describe('running guests of the units that we ship, under a real systemd', function () {
  this.timeout(180_000 + (KILLS + RESTARTS) * 10_000);
  const start = (peers: Peers) => SystemdAgent.start(peers, 'host');
  // The keeper of our own meets all of them; what differs here is who keeps.
  const backends = BACKENDS.slice(0, 1).map((one) => ({ ...one, cells: one.cells.slice(0, 3) }));
  before(function () {
    needsSystemd(this);
  });

  describe('when the relay process is killed', () => {
    describeLives({
      title: `killed ${KILLS} times`,
      times: KILLS,
      start,
      backends,
      next: (agent) => agent.killAgent(),
    });
  });

  describe('when the manager process is killed', () => {
    describeLives({
      title: `killed ${KILLS} times, its manager process alone`,
      times: KILLS,
      start,
      backends: backends.map((one) => ({ ...one, cells: one.cells.slice(0, 1) })),
      next: (agent) => agent.killManager(),
    });
  });

  describe(`when ${BOTH_UNITS.join(' and ')} are restarted`, () => {
    describeLives({
      title: `restarted ${RESTARTS} times`,
      times: RESTARTS,
      start,
      backends,
      next: (agent) => agent.upgrade(),
    });
  });
});
