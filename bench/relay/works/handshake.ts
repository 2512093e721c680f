import { findProgram } from '../../../test/peers/needs.ts';
import { Testpmd } from '../../../test/peers/testpmd.ts';
import { median } from '../../results.ts';
import type { Bed } from '../bed.ts';
import type { Handshake } from '../frontend-process.ts';
import type { Helper } from '../helper.ts';
import { quiet } from '../proc.ts';
import type { Comparison } from '../report.ts';

/** One front-end after the other, from its connection until the guest's driver runs. */
export async function handshakeMock(bed: Bed): Promise<void> {
  const [mock] = bed.paths(1);
  if (!mock) return;
  await bed.backends([mock]);
  await compare(bed, 'a mock back-end', mock.backend, { floorGoal: '≤ 1.1' });
}

/** The same with a real back-end, which polls and takes a processor. */
export async function handshakeTestpmd(bed: Bed): Promise<void> {
  if (findProgram('dpdk-testpmd') === undefined) {
    bed.findings.notes.push('Handshake with testpmd left out: dpdk-testpmd is not installed (dpdk-dev).');
    return;
  }
  const socket = bed.paths(1)[0]?.backend ?? '';
  const testpmd = await Testpmd.start(bed.peers, [{ socket }]);
  await compare(bed, 'testpmd', socket, { goal: '≤ 1.5' });
  await testpmd.stop();
}

type Goals = Pick<Comparison, 'goal' | 'floorGoal'>;

async function compare(bed: Bed, name: string, backend: string, goals: Goals): Promise<void> {
  const frontend = bed.helper('frontend');
  for (const { through, supervise } of bed.ways) {
    const agent = await bed.agent(supervise).start();
    const path = agent.path('fe');
    const cPath = agent.path('c');
    const floor = await bed.cRelay([{ name: 'c', frontend: cPath, backend }]);
    const times = { direct: [] as number[], floor: [] as number[], relayed: [] as number[] };
    const said = new Set<number>();
    const left = { direct: 0, floor: 0, relayed: 0 };
    const round = async (socket: string, side: keyof typeof left): Promise<number> => {
      const shakes = await many(bed.options.handshakes, frontend, socket, agent.pids);
      for (const shake of shakes) {
        said.add(shake.messages);
        left[side] += shake.left;
        if (side === 'relayed') bed.wasMeasured(shake);
      }
      return median(shakes.map(({ from, to }) => to - from));
    };
    await round(backend, 'direct'); // warm
    // A port of testpmd serves one connection: the agent has it in its turns only.
    for (let n = -1; n < bed.options.rounds; n++) {
      const direct = await round(backend, 'direct');
      const least = floor && (await round(cPath, 'floor'));
      await agent.addPorts([{ name: 'vhu', frontend: path, backend }]);
      const relayed = await round(path, 'relayed');
      await agent.removePort('vhu');
      if (n < 0) continue; // warm
      times.direct.push(direct);
      if (least !== undefined) times.floor.push(least);
      times.relayed.push(relayed);
    }
    await floor?.stop();
    await agent.stop();
    if (said.size > 1) throw new Error(`the dialogues differ: ${[...said].join(' and ')} messages`);
    const work = `handshake with ${name}, ${[...said].join()} messages`;
    bed.findings.comparisons.push({ work, through, unit: 'ms', ...times, floor: floor && times.floor, ...goals });
    const wasLeft = Object.entries(left).filter(([, count]) => count > 0);
    if (wasLeft.length > 0)
      bed.findings.notes.push(
        `${work}, ${through}: left before it was through ${wasLeft.map(([side, count]) => `${count} times ${side}`).join(', ')}.`,
      );
  }
}

export async function many(
  count: number,
  frontend: Helper,
  path: string,
  pids: readonly number[],
): Promise<Handshake[]> {
  const shakes: Handshake[] = [];
  for (let i = 0; i < count; i++) {
    await quiet(pids); // what the agent does after one front-end is no part of the next one's handshake
    shakes.push(await frontend.call<Handshake>('handshake', { path }));
  }
  return shakes;
}
