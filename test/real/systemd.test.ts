import assert from 'node:assert/strict';
import { FrontendProcess } from '../e2e/frontends.ts';
import { addPort, mockBackend } from '../e2e/hosts.ts';
import { SystemdAgent } from '../e2e/under-systemd.ts';
import { Peers } from '../peers/process.ts';
import { needsSystemd } from '../peers/systemd.ts';
import { describeLives } from './lives.ts';
import { BACKENDS } from './relay-cells.ts';
import { numberOf } from './seeded.ts';

/** For each guest; the full runs have 100 and 10. */
const KILLS = numberOf('VHOST_COMPAT_KILLS', 4);
const RESTARTS = numberOf('VHOST_COMPAT_UPGRADES', 2);

describe('the unit file that we ship, under a real systemd', function () {
  this.timeout(180_000 + (KILLS + RESTARTS) * 10_000);
  const start = (peers: Peers) => SystemdAgent.start(peers, 'host');
  // The keeper of our own meets all of them; what differs here is who keeps.
  const backends = BACKENDS.slice(0, 1).map((one) => ({ ...one, cells: one.cells.slice(0, 3) }));
  before(function () {
    needsSystemd(this);
  });

  describe('its store of descriptors', () => {
    const peers = new Peers();
    after(() => peers.end());

    it('holds four for each connected interface, gives them to each next agent, and lets go of them at the end', async () => {
      const agent = await start(peers);
      const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
      await addPort(agent);
      assert.equal(await agent.stored(), 0);
      const frontend = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
      await frontend.offered();
      await agent.inState('vhu0', 'negotiated');
      assert.equal(await agent.stored(), 4);
      await agent.killAgent();
      await agent.upgrade();
      assert.equal((await agent.inState('vhu0', 'negotiated')).error, undefined);
      assert.deepEqual([await agent.stored(), backend.connections], [4, 1]);
      await agent.stop();
      assert.equal(await agent.stored(), 0);
      assert.equal(backend.live.length, 0);
    });
  });

  describe('when the agent is killed', () => {
    describeLives({
      title: `killed ${KILLS} times`,
      times: KILLS,
      start,
      backends,
      next: (agent) => agent.killAgent(),
    });
  });

  describe('when the agent is restarted', () => {
    describeLives({
      title: `restarted ${RESTARTS} times`,
      times: RESTARTS,
      start,
      backends,
      next: (agent) => agent.upgrade(),
    });
  });
});
