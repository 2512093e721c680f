import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentProcess } from '../agent-process.ts';
import type { Bed } from '../bed.ts';
import { type Helper, now } from '../helper.ts';
import { isDead, quiet, startedAt } from '../proc.ts';

interface Asked {
  readonly asked: number;
  readonly answered: readonly number[];
  readonly lost: number;
}

/** The relay process is killed; a front-end asks while nobody is there; when is it answered? */
export async function recovery(bed: Bed): Promise<void> {
  if (!bed.supervises) {
    bed.findings.notes.push('Recovery left out: this agent has no --supervise.');
    return;
  }
  for (const ports of new Set([1, bed.options.ports])) await withPorts(bed, ports);
}

async function withPorts(bed: Bed, ports: number): Promise<void> {
  const agent = await bed.agent(true).start();
  const paths = bed.paths(ports, agent.folder);
  await agent.addPorts(paths);
  const { helper } = await bed.backends(paths);
  const frontends = await bed.frontends(paths.map(({ frontend }) => frontend));
  const found = { first: [] as number[], last: [] as number[], fresh: [] as number[] };
  let lost = 0;
  for (let n = 0; n < bed.options.rounds; n++) {
    await sleep(bed.options.calmMs);
    await quiet(agent.pids);
    const one = await bed.measured(() => once(agent, frontends));
    lost += one.lost;
    if (one.first === undefined || one.last === undefined) continue;
    found.first.push(one.first);
    found.last.push(one.last);
    if (one.fresh !== undefined) found.fresh.push(one.fresh);
  }
  const name = `${ports} live port${ports === 1 ? '' : 's'}`;
  const first = { unit: 'ms', goal: '< 200' };
  if (found.first.length > 0) {
    if (ports === 1) {
      bed.findings.values.push({
        what: `SIGKILL until a question is answered, ${name}`,
        values: found.first,
        ...first,
      });
    } else {
      bed.findings.values.push(
        { what: `SIGKILL until the first port answers, ${name}`, values: found.first, ...first },
        { what: `SIGKILL until the last port answers, ${name}`, values: found.last, unit: 'ms', goal: '< 300' },
      );
    }
  }
  if (found.fresh.length > 0)
    bed.findings.values.push({
      what: `spawn of the relay process until a kept port answers, ${name}`,
      values: found.fresh,
      ...first,
    });
  if (lost > 0)
    bed.findings.notes.push(`Recovery, ${name}: ${lost} connections were LOST in ${bed.options.rounds} kills.`);
  await frontends.kill();
  await helper.kill();
  await agent.stop();
}

async function once(
  agent: AgentProcess,
  frontends: Helper,
): Promise<{ first?: number | undefined; last?: number | undefined; fresh?: number; lost: number }> {
  const pid = agent.relay;
  if (pid === undefined) throw new Error('the keeper has no relay process');
  const killed = now();
  process.kill(pid, 'SIGKILL');
  while (!isDead(pid)) await sleep(1);
  const { asked, answered, lost } = await frontends.call<Asked>('ask');
  // The new process has begun before, or it could not have answered.
  const next = agent.relay;
  const started = next === undefined ? undefined : startedAt(next);
  const [first, last] = [Math.min(...answered), Math.max(...answered)];
  if (answered.length === 0) return { lost };
  if (first < asked) throw new Error('an answer came before the question');
  return { first: first - killed, last: last - killed, lost, ...(started !== undefined && { fresh: first - started }) };
}
