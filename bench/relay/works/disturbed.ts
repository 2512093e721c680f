import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentProcess } from '../agent-process.ts';
import type { Bed } from '../bed.ts';
import { many } from './handshake.ts';

/** So that something of it is under way when the first handshake begins. */
const HEAD_START_MS = 300;
const WORK = 'handshake of a port, mock back-end';

/** What goes on beside the handshakes. */
interface Meanwhile {
  readonly name: string;
  readonly goal?: string;
  /** Begins it; what is returned ends it. */
  begin(bed: Bed, agent: AgentProcess): Promise<() => Promise<void>>;
}

const DISTURBANCES: readonly Meanwhile[] = [
  { name: 'another process uses a processor', begin: (bed) => storm(bed, 'spin') },
  {
    name: 'a database client selects all versions 5,000 times in a transaction, over and over',
    goal: '≤ 2',
    begin: (bed, agent) => storm(bed, 'database', agent.path('db.sock')),
  },
  {
    name: 'an API client selects over 60 documents of 60 versions each, over and over',
    goal: '≤ 2',
    begin: (bed, agent) => storm(bed, 'api', agent.path('api.sock')),
  },
  { name: 'the manager stands still (SIGSTOP)', goal: '≤ 2', begin: (_, agent) => stopped(agent) },
  { name: 'the manager is killed, starts and is killed again', goal: '≤ 2', begin: (_, agent) => killed(agent) },
];

/** One port's handshakes while others do their worst, and while nobody does, in turns. */
export async function disturbed(bed: Bed): Promise<void> {
  const { rounds, handshakes } = bed.options;
  const agent = await bed.agent(false).start();
  const paths = bed.paths(1, agent.folder);
  const [port] = paths;
  if (!port) return;
  await bed.backends(paths);
  await agent.addPorts(paths);
  const frontend = bed.helper('frontend');
  const shakes = async (): Promise<number[]> => {
    const pids = agent.relay === undefined ? [] : [agent.relay];
    const all = await bed.measured(() => many(handshakes, frontend, port.frontend, pids));
    return all.map(({ from, to }) => to - from);
  };
  await shakes(); // warm
  for (const { name, goal, begin } of DISTURBANCES) {
    const [times, quiet]: [number[], number[]] = [[], []];
    for (let n = 0; n < rounds; n++) {
      quiet.push(...(await shakes()));
      const end = await begin(bed, agent);
      try {
        times.push(...(await shakes()));
      } finally {
        await end();
      }
    }
    bed.findings.disturbances.push({ work: WORK, meanwhile: name, times, quiet, ...(goal !== undefined && { goal }) });
  }
  await agent.stop();
}

async function storm(bed: Bed, method: string, socket?: string): Promise<() => Promise<void>> {
  const helper = bed.helper('storm');
  await helper.call(method, { socket });
  await sleep(HEAD_START_MS);
  return async () => {
    if (method !== 'spin') note(bed, method, await helper.call<{ answered: number; refused: number }>('count'));
    await helper.kill();
  };
}

/** A storm that was refused throughout would disturb nobody. */
function note(bed: Bed, method: string, { answered, refused }: { answered: number; refused: number }): void {
  if (refused > 0)
    bed.findings.notes.push(`Client of the ${method}: answered ${answered} times, refused ${refused} times.`);
}

async function stopped(agent: AgentProcess): Promise<() => Promise<void>> {
  const { manager } = agent;
  if (manager === undefined) throw new Error('the agent has no manager process');
  process.kill(manager, 'SIGSTOP');
  return async () => void process.kill(manager, 'SIGCONT');
}

async function killed(agent: AgentProcess): Promise<() => Promise<void>> {
  let going = true;
  const work = (async () => {
    while (going) {
      const { manager } = agent;
      if (manager === undefined) {
        await sleep(10);
        continue;
      }
      const next = agent.nextManager();
      process.kill(manager, 'SIGKILL');
      await next;
    }
  })();
  return async () => {
    going = false;
    await work;
  };
}
