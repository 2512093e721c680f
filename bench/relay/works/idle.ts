import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from '../bed.ts';
import { openDescriptors, processorMs, quiet, residentMiB } from '../proc.ts';

/** Timers that follow what happened have run out. */
const CALM_MS = 3000;

interface Look {
  readonly cpu: number;
  readonly memory: number;
}

/** The cost of an idle agent, beside an idle node process. */
export async function idle(bed: Bed): Promise<void> {
  const { ports, idleSeconds, rounds } = bed.options;
  const nothing = spawn(process.execPath, ['-e', 'setInterval(() => {}, 2 ** 30)'], { stdio: 'ignore' });
  bed.peers.defer(() => void nothing.kill('SIGKILL'));
  for (const { through, supervise } of bed.ways) {
    const agent = await bed.agent(supervise).start();
    const paths = bed.paths(ports, agent.folder);
    await agent.addPorts(paths);
    const { helper } = await bed.backends(paths);
    const frontends = await bed.frontends(paths.map(({ frontend }) => frontend));
    await quiet(agent.pids);
    await sleep(CALM_MS);
    const cpu: { direct: number[]; relayed: number[] } = { direct: [], relayed: [] };
    const memory: typeof cpu = { direct: [], relayed: [] };
    const [agentOf, keeperOf]: Look[][] = [[], []];
    for (let n = 0; n < rounds; n++) {
      const keeper = supervise ? agent.peer.pid : undefined;
      const looks = await bed.measured(() =>
        Promise.all([
          look(nothing.pid ?? 0, idleSeconds),
          look(agent.pid ?? 0, idleSeconds),
          look(keeper, idleSeconds),
        ]),
      );
      const [without, own, kept] = looks;
      agentOf?.push(own);
      if (supervise) keeperOf?.push(kept);
      cpu.direct.push(without.cpu);
      cpu.relayed.push(own.cpu + kept.cpu);
      memory.direct.push(without.memory);
      memory.relayed.push(own.memory + kept.memory);
    }
    const against = { through: `${through}, beside an empty node` };
    bed.findings.comparisons.push(
      { work: `idle with ${ports} ports: processor time in ${idleSeconds} s`, ...against, unit: 'ms', ...cpu },
      { work: `idle with ${ports} ports: memory`, ...against, unit: 'MiB', ...memory },
    );
    values(bed, `${through} idle with ${ports} ports: agent`, agentOf ?? []);
    if (supervise) values(bed, `${through} idle with ${ports} ports: keeper`, keeperOf ?? []);
    const open = agent.pids.map((pid) => openDescriptors(pid)).join(' and ');
    bed.findings.notes.push(`${through} with ${ports} ports: ${open} descriptors open.`);
    await frontends.kill();
    await helper.kill();
    await agent.stop();
  }
}

function values(bed: Bed, what: string, looks: readonly Look[]): void {
  const { idleSeconds } = bed.options;
  bed.findings.values.push(
    { what: `${what}, processor`, unit: '%', values: looks.map(({ cpu }) => cpu / idleSeconds / 10), goal: '≈ 0' },
    { what: `${what}, memory`, unit: 'MiB', values: looks.map(({ memory }) => memory), goal: '< 150' },
  );
}

async function look(pid: number | undefined, seconds: number): Promise<Look> {
  if (pid === undefined) return { cpu: 0, memory: 0 };
  const before = processorMs(pid);
  await sleep(seconds * 1000);
  return { cpu: processorMs(pid) - before, memory: residentMiB(pid) };
}
