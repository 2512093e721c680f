import assert from 'node:assert/strict';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { RELAY_STEPS } from '../../agent/relay/handover/journal-format.ts';
import { SupervisedAgent } from '../e2e/supervised.ts';
import type { Guest } from '../peers/guest.ts';
import { Peers } from '../peers/process.ts';
import {
  assertSameDialogue,
  BACKENDS,
  type BackendAtWork,
  bootCell,
  type Cell,
  endCell,
  type LivePort,
  needsCells,
  rebound,
  titleOf,
} from './relay-cells.ts';
import { newSeed, numberOf } from './seeded.ts';
import { linesOfConnections } from './unnoticed.ts';

/** Every so many messages; the full run has 1, any other begins at one that the seed picks. */
const EVERY = numberOf('VHOST_COMPAT_EVERY', 10);

/** More messages than a driver's unbind and bind have in both directions together. */
const MOST = 200;

const [TESTPMD] = BACKENDS;
const CELLS: readonly Cell[] = TESTPMD?.cells.filter((_, index) => index === 0 || index === 3) ?? [];

describe('the death of the agent at every message of a guest driver', function () {
  this.timeout(60_000 + Math.ceil(MOST / EVERY) * 20_000);
  const peers = new Peers();
  let guest: Guest;
  let agent: SupervisedAgent;
  let backend: BackendAtWork;
  let wish = '';
  let seed = 0;

  before(async function () {
    assert.ok(TESTPMD);
    guest = await needsCells(this, TESTPMD);
    seed = newSeed();
    wish = `${peers.folder()}/die`;
    agent = await SupervisedAgent.start(peers, 'host', [], { NODE_ENV: 'test', VHOST_COMPAT_TEST_DIE_FILE: wish });
    backend = await TESTPMD.start(peers, agent);
  });
  after(() => peers.end());

  for (const cell of CELLS) {
    describe(titleOf(cell), () => {
      let port: LivePort;
      let undisturbed: readonly string[];

      before(async () => {
        assert.ok(TESTPMD);
        const index = TESTPMD.cells.indexOf(cell);
        port = await bootCell(peers, { agent, backend, guest, version: TESTPMD.version, cell, index });
        undisturbed = await rebound(port);
      });
      after(() => endCell(port));

      for (const step of RELAY_STEPS) {
        it(`when the message is ${step}`, async () => {
          // An agent counts from when it first sees a wish; this one has not seen any.
          await agent.killAgent();
          let last = 0;
          for (let n = 1 + (seed % EVERY); n <= MOST; n += EVERY) {
            if (!(await survived(step, n))) break;
            last = n;
          }
          const reached = step === 'begun' ? undisturbed.filter(carriesDescriptors) : undisturbed;
          assert.ok(last >= reached.length - EVERY, `the agent died at no message after the ${last}th`);
        });
      }

      /** False when there are less than `n` messages. */
      async function survived(step: string, n: number): Promise<boolean> {
        const since = { log: agent.log.length, backend: backend.output().length, qemu: port.qemu.peer.output.length };
        writeFileSync(`${wish}.new`, `${step}:${n}`);
        renameSync(`${wish}.new`, wish);
        const where = `death at message ${n}, ${step}`;
        const messages = await rebound(port).catch((error: unknown) => {
          throw new Error(`${where}: ${error instanceof Error ? error.message : error}\n${agent.peer.tail(40)}`);
        });
        if (existsSync(wish)) {
          rmSync(wish);
          return false;
        }
        await agent.serves(since.log);
        assertSameDialogue(messages, undisturbed, where);
        assert.deepEqual(linesOfConnections(backend.output().slice(since.backend)), [], `${where}: the back-end`);
        assert.equal(port.qemu.peer.output.slice(since.qemu), '', `${where}: QEMU`);
        assert.equal((await agent.inState(port.name, 'negotiated')).error, undefined, where);
        return true;
      }
    });
  }
});

/** Those that QEMU sends to a device with a descriptor each. */
function carriesDescriptors(name: string): boolean {
  return ['SET_MEM_TABLE', 'SET_LOG_BASE', 'SET_VRING_KICK', 'SET_VRING_CALL', 'SET_VRING_ERR'].includes(name);
}
