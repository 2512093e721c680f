import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../../test/peers/needs.ts';
import type { Peer } from '../../../test/peers/process.ts';
import { Testpmd } from '../../../test/peers/testpmd.ts';
import { VirtioUser } from '../../../test/peers/virtio-user.ts';
import type { Bed } from '../bed.ts';
import { threadsOf } from '../proc.ts';

/** testpmd says once a second what it has got; the first ones are of the time before all was warm. */
const COLD = 2;
const SECONDS = 5;
const PATIENCE_MS = 60_000;

/** Packets that a real front-end sends to a real back-end, without a guest. */
export async function dataPath(bed: Bed): Promise<void> {
  if (findProgram('dpdk-testpmd') === undefined) {
    bed.findings.notes.push('Data path left out: dpdk-testpmd is not installed (dpdk-dev).');
    return;
  }
  const way = bed.ways.at(-1);
  if (!way) return;
  const agent = await bed.agent(way.supervise).start();
  const [paths] = bed.paths(1, agent.folder);
  if (!paths) return;
  const times = { direct: [] as number[], relayed: [] as number[] };
  const testpmd = await Testpmd.start(bed.peers, [{ socket: paths.backend }]);
  try {
    for (let n = 0; n < bed.options.rounds; n++) {
      times.direct.push(await packets(bed, testpmd.peer, paths.backend));
      await agent.addPorts([paths]);
      times.relayed.push(await packets(bed, testpmd.peer, paths.frontend));
      await agent.removePort(paths.name);
    }
  } catch (error) {
    bed.findings.notes.push(`Data path left out: ${(error as Error).message.split('\n')[0]}`);
    return;
  } finally {
    await testpmd.stop();
    await agent.stop();
  }
  bed.findings.comparisons.push({
    work: 'data path, virtio-user to testpmd',
    through: way.through,
    unit: 'packets/s',
    ...times,
    goal: '1.00',
  });
}

/** The mean of some seconds, as the back-end counts what it got. */
async function packets(bed: Bed, testpmd: Peer, socket: string): Promise<number> {
  await untilThere(socket);
  const frontend = await VirtioUser.start(bed.peers, { socket });
  try {
    for (const pid of [testpmd.pid, frontend.peer.pid]) beAsOthers(pid);
    const rates: number[] = [];
    for (let since = testpmd.output.length; rates.length < COLD + SECONDS; ) {
      const match = await testpmd.waitFor(/Rx-pps:\s+(\d+)/, PATIENCE_MS, since);
      since += match.index + match[0].length;
      const rate = Number(match[1]);
      if (rate > 0 || rates.length > 0) rates.push(rate);
    }
    return rates.slice(COLD).reduce((sum, one) => sum + one, 0) / SECONDS;
  } finally {
    await frontend.stop();
  }
}

/** virtio-user does not look twice. */
async function untilThere(socket: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !existsSync(socket); await sleep(10))
    if (Date.now() > deadline) throw new Error(`nobody listens on ${socket}`);
}

/** The tests make polling threads give way to everybody; here they are what is measured. */
function beAsOthers(pid: number): void {
  for (const thread of threadsOf(pid)) setPriority(thread, 0);
}
