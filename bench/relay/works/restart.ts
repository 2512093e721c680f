import { setTimeout as sleep } from 'node:timers/promises';
import type { PortPaths } from '../agent-process.ts';
import type { Bed } from '../bed.ts';
import { type Helper, now } from '../helper.ts';
import { quiet } from '../proc.ts';

/** The ends, too, have something to do after they have connected. */
const CALM_MS = 1000;

/** All ports of one way to connect: their back-ends and front-ends, each in one process. */
interface Side {
  readonly paths: readonly PortPaths[];
  readonly frontends: Helper;
  backends: Helper;
  lives: number;
  /** The process between the ends. */
  readonly pids: readonly number[];
}

/** Every back-end goes and comes back: how long until every front-end has negotiated again. */
export async function restart(bed: Bed): Promise<void> {
  const { ports, rounds } = bed.options;
  const direct = await side(bed, bed.paths(ports), ({ backend }) => backend, []);
  const cRelay = await bed.cRelay(bed.paths(ports));
  const floor = cRelay && (await side(bed, cRelay.paths, ({ frontend }) => frontend, [cRelay.pid]));
  for (const { through, supervise } of bed.ways) {
    const agent = await bed.agent(supervise).start();
    const paths = bed.paths(ports, agent.folder);
    await agent.addPorts(paths);
    const relayed = await side(bed, paths, ({ frontend }) => frontend, agent.pids);
    await once(bed, direct);
    if (floor) await once(bed, floor);
    await once(bed, relayed);
    const times = { direct: [] as number[], floor: [] as number[], relayed: [] as number[] };
    for (let n = 0; n < rounds; n++) {
      times.direct.push(await once(bed, direct));
      if (floor) times.floor.push(await once(bed, floor));
      times.relayed.push(await bed.measured(() => once(bed, relayed)));
    }
    bed.findings.comparisons.push({
      work: `${ports} ports negotiated again after a back-end restart`,
      through,
      unit: 'ms',
      ...times,
      floor: floor && times.floor,
      goal: '≤ 1.3',
    });
    await relayed.frontends.kill();
    await relayed.backends.kill();
    await agent.stop();
  }
  bed.findings.notes.push(
    `Back-end restart: from the moment when the new back-end listens on all sockets; it was away for ${bed.options.gapMs} ms. ` +
      `A front-end that finds nobody looks again after ${bed.options.retryMs} ms.`,
  );
}

async function side(
  bed: Bed,
  paths: readonly PortPaths[],
  path: (one: PortPaths) => string,
  pids: readonly number[],
): Promise<Side> {
  const { helper } = await bed.backends(paths);
  return { paths, backends: helper, frontends: await bed.frontends(paths.map(path)), lives: 1, pids };
}

/** The successor is loaded already: what is measured is the connections, not the start of node. */
async function once(bed: Bed, one: Side): Promise<number> {
  const successor = bed.helper('backend');
  await successor.call('ready');
  await sleep(CALM_MS);
  await quiet(one.pids);
  await one.backends.kill();
  const gone = now();
  await sleep(bed.options.gapMs);
  one.lives += 1;
  const done = one.frontends.call<number[]>('negotiated', { lives: one.lives });
  const { helper, openAt } = await bed.backends(one.paths, successor);
  one.backends = helper;
  const times = await done;
  if (times.some((time) => time < gone)) throw new Error('a front-end did not notice that its back-end was gone');
  return Math.max(...times) - openAt;
}
