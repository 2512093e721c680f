import { spawn } from 'node:child_process';
import type { AgentProcess } from '../agent-process.ts';
import type { Bed } from '../bed.ts';
import { now } from '../helper.ts';

/** From the spawn until ports are served and until the management API listens; node alone, for what nobody can take away. */
export async function startup(bed: Bed): Promise<void> {
  const { rounds, ports } = bed.options;
  const alone: number[] = [];
  for (let n = 0; n < rounds; n++) alone.push(await nodeAlone());
  bed.findings.values.push({ what: 'node alone: spawn until its end', unit: 'ms', values: alone });
  for (const { through, supervise } of bed.ways) {
    for (const count of [0, ports]) {
      const agent = await bed.agent(supervise).start();
      await agent.addPorts(bed.paths(count, agent.folder));
      await agent.stop();
      const values: number[] = [];
      for (let n = 0; n < rounds; n++) values.push(await bed.measured(() => once(agent, () => agent.start())));
      if (!supervise) {
        const relay: number[] = [];
        for (let n = 0; n < rounds; n++) relay.push(await bed.measured(() => once(agent, () => agent.startRelay())));
        const what = `relay process: spawn until it serves the ports that it remembers, ${count} interfaces`;
        bed.findings.values.push({ what, unit: 'ms', values: relay, goal: '< 120' });
      }
      const what = `${through}: spawn until event=api-listening, ${count} interfaces in its database`;
      bed.findings.values.push({ what, unit: 'ms', values, goal: '< 250' });
    }
  }
}

async function once(agent: AgentProcess, start: () => Promise<unknown>): Promise<number> {
  const started = now();
  await start();
  const ms = now() - started;
  await agent.stop();
  return ms;
}

async function nodeAlone(): Promise<number> {
  const started = now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return now() - started;
}
