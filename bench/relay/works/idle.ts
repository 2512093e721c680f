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
    const roles = ['relay', 'manager', 'keeper'] as const;
    const present = roles.filter((role) => agent[role] !== undefined);
    const looks = new Map<(typeof roles)[number], Look[]>(present.map((role) => [role, []]));
    for (let n = 0; n < rounds; n++) {
      const [without, ...own] = await bed.measured(() =>
        Promise.all([nothing.pid, ...present.map((role) => agent[role])].map((pid) => look(pid ?? 0, idleSeconds))),
      );
      for (const [i, role] of present.entries()) looks.get(role)?.push(own[i] ?? { cpu: 0, memory: 0 });
      cpu.direct.push(without?.cpu ?? 0);
      cpu.relayed.push(own.reduce((sum, one) => sum + one.cpu, 0));
      memory.direct.push(without?.memory ?? 0);
      memory.relayed.push(own.reduce((sum, one) => sum + one.memory, 0));
    }
    const against = { through: `${through}, beside an empty node` };
    bed.findings.comparisons.push(
      { work: `idle with ${ports} ports: processor time in ${idleSeconds} s`, ...against, unit: 'ms', ...cpu },
      { work: `idle with ${ports} ports: memory of all processes`, ...against, unit: 'MiB', ...memory },
    );
    for (const [role, seen] of looks)
      values(bed, `${through} idle with ${ports} ports: ${role}`, role === 'relay' ? '< 80' : undefined, seen);
    const open = agent.pids.map((pid) => openDescriptors(pid)).join(' and ');
    bed.findings.notes.push(`${through} with ${ports} ports: ${open} descriptors open.`);
    await frontends.kill();
    await helper.kill();
    await agent.stop();
  }
}

function values(bed: Bed, what: string, memoryGoal: string | undefined, looks: readonly Look[]): void {
  const { idleSeconds } = bed.options;
  bed.findings.values.push(
    { what: `${what}, processor`, unit: '%', values: looks.map(({ cpu }) => cpu / idleSeconds / 10), goal: '≈ 0' },
    {
      what: `${what}, memory`,
      unit: 'MiB',
      values: looks.map(({ memory }) => memory),
      ...(memoryGoal !== undefined && { goal: memoryGoal }),
    },
  );
}

async function look(pid: number, seconds: number): Promise<Look> {
  const before = processorMs(pid);
  await sleep(seconds * 1000);
  return { cpu: processorMs(pid) - before, memory: residentMiB(pid) };
}
