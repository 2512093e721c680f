import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisedAgent } from '../e2e/supervised.ts';
import { eventually, Peers } from '../peers/process.ts';
import { Chance, newSeed, numberOf } from '../real/seeded.ts';
import {
  apiClient,
  interfacesComeAndGo,
  monitor,
  reconnects,
  type Soak,
  type StandingPort,
  standingPort,
  strangers,
} from './loads.ts';
import { fileMiB, type Sample, sampleOf, tableOf } from './samples.ts';

/** The full run has 1800, in which 10,000 interfaces come and go. */
const SECONDS = numberOf('VHOST_COMPAT_SOAK_SECONDS', 40);
const INTERFACES = (SECONDS * 10_000) / 1800;
/** So many add and remove them at the same time. */
const ADDING = 4;
const PORTS = 10;
const API_CLIENTS = 200;
const MONITORS = 20;
/** So few that the history of events is full before the beginning. */
const EVENTS = 200;
const SAMPLES = 20;
/** The part of the time after which all code has run and all caches are in use: what is then there is the beginning. */
const WARM = 0.25;
/**
 * Memory that may come in the rest of it; a short run is over before the histories of the database are full. The low points are compared: between them is what V8 has not collected yet.
 */
const GROWTH = SECONDS < 600 ? { times: 2, plusMiB: 32 } : { times: 1.2, plusMiB: 16 };

describe(`an agent under everything at once, for ${SECONDS} s`, function () {
  this.timeout(SECONDS * 2000 + 180_000);
  const peers = new Peers();
  after(() => peers.end());

  it('has the memory and the descriptors at the end that it had at the beginning', async () => {
    const agent = await SupervisedAgent.start(peers, 'host', ['--event-limit', `${EVENTS}`]);
    const startedAt = performance.now();
    const done = new Map<string, number>();
    const samples: Sample[] = [];
    let [going, until] = [true, 0];
    const soak: Soak = {
      ...{ peers, agent, chance: new Chance(newSeed()) },
      goesOn: () => going && performance.now() < until,
      did: (what, times = 1) => void done.set(what, (done.get(what) ?? 0) + times),
    };
    const ports: StandingPort[] = [];
    for (let i = 0; i < PORTS; i++) ports.push(await standingPort(soak, `stays${i}`));

    const pids = { keeper: agent.peer.pid, relay: agent.agentPid() ?? 0, manager: agent.managerPid() ?? 0 };
    const now = () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, sampleOf(pid)]));
    const sample = (at: string): Sample => {
      const processes = now();
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      const taken = { at, seconds, processes, databaseMiB: fileMiB(agent.path('conf.db')) };
      samples.push(taken);
      return taken;
    };
    const under = async (ms: number): Promise<void> => {
      const from = performance.now();
      until = from + ms;
      const watching = (async () => {
        for (let n = 1; n < SAMPLES && soak.goesOn(); n++) {
          await sleep(ms / SAMPLES);
          sample('under way');
        }
      })();
      const interfaces = Math.ceil((INTERFACES * ms) / (SECONDS * 1000) / ADDING);
      const share = (): number => (performance.now() - from) / ms;
      const all = [
        ...ports.map((port) => reconnects(soak, port)),
        ...Array.from({ length: ADDING }, (_, i) => interfacesComeAndGo(soak, `come${i}x`, interfaces, share)),
        ...Array.from({ length: API_CLIENTS - ADDING }, () => apiClient(soak)),
        ...Array.from({ length: MONITORS }, () => monitor(soak)),
        strangers(soak),
      ];
      try {
        await Promise.all([...all, watching]);
      } catch (error) {
        throw new Error(`${agent.peer.tail(60)}\n${tableOf(samples)}`, { cause: error });
      } finally {
        going = false;
        await Promise.allSettled(all);
        going = true;
      }
    };
    const descriptors = (processes: Sample['processes']) =>
      Object.fromEntries(Object.entries(processes).map(([name, one]) => [name, one.descriptors]));
    /** Everybody has gone, and nothing is left to be done. */
    const rest = async (at: string, wanted?: unknown): Promise<Sample> => {
      let before = '';
      await eventually('descriptors that stay the same', async () => {
        const [former, text] = [before, JSON.stringify(descriptors(now()))];
        before = text;
        await sleep(1000);
        return former === text && (wanted === undefined || text === JSON.stringify(wanted));
      }).catch(() => undefined); // told by the assertion below
      return sample(at);
    };

    await under(SECONDS * 1000 * WARM);
    const start = await rest('beginning');
    await under(SECONDS * 1000 * (1 - WARM));
    const end = await rest('end', descriptors(start.processes));

    console.log(`${tableOf(samples)}\n${[...done].map(([what, times]) => `${what}: ${times}`).join(', ')}`);
    const file = process.env['VHOST_COMPAT_SOAK_JSON'];
    if (file !== undefined)
      writeFileSync(file, `${JSON.stringify({ samples, done: Object.fromEntries(done) }, null, 2)}\n`);
    assert.deepEqual(descriptors(end.processes), descriptors(start.processes));
    const began = samples.indexOf(start);
    for (const name of Object.keys(end.processes)) {
      const low = (some: readonly Sample[]) =>
        Math.min(...some.map(({ processes }) => processes[name]?.residentMiB ?? 0));
      const [first, last] = [low(samples.slice(began / 2, began + 1)), low(samples.slice(-SAMPLES / 2))];
      const most = Math.round(first * GROWTH.times + GROWTH.plusMiB);
      assert.ok(last <= most, `${name}: ${first} MiB at the beginning, ${last} at the end; wanted at most ${most}`);
    }
    assert.deepEqual(
      [agent.agentPid(), agent.managerPid()],
      [pids.relay, pids.manager],
      'the processes that began are those that end',
    );
    for (const { name } of ports) assert.equal((await agent.show(name)).state, 'negotiated');
  });
});
