import { SupervisedAgent } from '../e2e/supervised.ts';
import { describeLives } from './lives.ts';
import { BACKENDS } from './relay-cells.ts';
import { numberOf } from './seeded.ts';

/** A fifth of it for each guest here, as each of these takes long; the full run has 100. */
const KILLS = numberOf('VHOST_COMPAT_KILLS', 5);
const TIMES = Math.ceil(KILLS / 5);
/** All guests in the full run; otherwise one with each role of QEMU and each kind of ring. */
const backends =
  KILLS > 5
    ? BACKENDS
    : BACKENDS.slice(0, 1).map((one) => ({ ...one, cells: [...one.cells.slice(0, 1), ...one.cells.slice(3)] }));
/** Longer than a guest's message may take, shorter than the watchdog of the relay process. */
const PAUSE_MS = 1500;

describe('the death of other processes than one under a running guest', function () {
  this.timeout(180_000 + TIMES * 30_000);
  const start = (peers: Parameters<typeof SupervisedAgent.start>[0]) => SupervisedAgent.start(peers, 'host');
  const successions: { title: string; next(agent: SupervisedAgent): Promise<void> }[] = [
    { title: `left by its keeper, killed ${TIMES} times`, next: (agent) => agent.killKeeper() },
    { title: `killed ${TIMES} times, relay and manager process at once`, next: (agent) => agent.killBoth() },
    { title: `stopped ${TIMES} times in its relay process`, next: (agent) => agent.pause('relay', PAUSE_MS) },
    { title: `stopped ${TIMES} times in its manager process`, next: (agent) => agent.pause('manager', PAUSE_MS) },
    {
      title: `stopped ${TIMES} times in its relay process until the watchdog ends it`,
      next: (agent) => agent.succeeded((pid) => void process.kill(pid, 'SIGSTOP')),
    },
  ];
  for (const { title, next } of successions)
    describe(title, () => describeLives({ title, times: TIMES, start, next, backends }));
});
