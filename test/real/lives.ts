import assert from 'node:assert/strict';
import type { TestAgent } from '../e2e/agents.ts';
import type { Guest } from '../peers/guest.ts';
import { Peers } from '../peers/process.ts';
import {
  assertSameDialogue,
  BACKENDS,
  type Backend,
  type BackendAtWork,
  bootCell,
  endCell,
  needsCells,
  portOf,
  rebound,
  titleOf,
} from './relay-cells.ts';
import { Chance, newSeed, pause } from './seeded.ts';
import { linesOfConnections, Onlookers } from './unnoticed.ts';

/** One way for an agent to give way to the next. */
export interface Succession<Agent extends TestAgent> {
  /** 'killed 8 times' */
  readonly title: string;
  readonly times: number;
  /** An agent together with whoever keeps its descriptors. */
  readonly start: (peers: Peers) => Promise<Agent>;
  readonly next: (agent: Agent) => Promise<void>;
  /** Default: all of them. */
  readonly backends?: readonly Backend[];
}

/**
 * Tests that nobody notices a succession: a guest for each combination of roles and rings, in front of each back-end. The
 * moments are random, and counted from when the agent before serves.
 */
export function describeLives<Agent extends TestAgent>(succession: Succession<Agent>): void {
  const { title, times, start, next, backends = BACKENDS } = succession;
  for (const back of backends) {
    describe(back.title, () => {
      const peers = new Peers();
      let guest: Guest;
      let agent: Agent;
      let backend: BackendAtWork;
      let seed = 0;

      before(async function () {
        guest = await needsCells(this, back);
        seed = newSeed();
        agent = await start(peers);
        backend = await back.start(peers, agent);
      });
      after(() => peers.end());

      for (const cell of back.cells) {
        const index = portOf(cell);
        it(`${titleOf(cell)}: the agent is ${title}, nobody sees it`, async () => {
          const chance = new Chance(seed + index);
          const port = await bootCell(peers, { agent, backend, guest, version: back.version, cell, index });

          const onlookers = await Onlookers.begin(port);
          for (let count = 0; count < times; count += 1) {
            await onlookers.announce();
            await pause(chance, 50, 600);
            await next(agent);
          }
          await onlookers.assertNothingSeen();

          // The same while there is a dialogue, compared with the dialogue that nobody disturbs.
          const undisturbed = await rebound(port);
          const [since, complaints] = [backend.output().length, port.qemu.peer.output.length];
          for (let count = 0; count < Math.ceil(times / 2); count += 1) {
            const messages = await rebound(port, async () => {
              await pause(chance, 0, 600);
              await next(agent);
            });
            if (backend.saysAll) assertSameDialogue(messages, undisturbed, `disturbed dialogue ${count + 1}`);
          }
          assert.deepEqual(linesOfConnections(backend.output().slice(since)), [], 'the back-end');
          assert.equal(port.qemu.peer.output.slice(complaints), '', 'QEMU');
          assert.equal((await agent.show(port.name)).state, 'negotiated');
          await endCell(port);
        });
      }
    });
  }
}
