/**
 * Processor time of commands that read, beside that of an empty node, taking turns. The agent they ask has INTERFACES
 * interfaces (100); ROUNDS in the environment (15). With --write the results go to bench/RESULTS.md.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peers } from '../../test/peers/process.ts';
import { AgentProcess, memoryFolder, portPaths } from '../relay/agent-process.ts';
import { ROOT } from '../relay/product.ts';
import { load, machine, median, writeSection } from '../results.ts';

const rounds = Number(process.env['ROUNDS'] ?? 15);
const interfaces = Number(process.env['INTERFACES'] ?? 100);
/** 120 ms where an empty node takes 40. */
const GOAL = 3;
const PROGRAM = join(ROOT, 'dist/bin/vhost-compat.js');
const MS_PER_TICK = 10;

/** Of the processes that this one has started and that have ended, in milliseconds. */
function spentByChildren(): number {
  const afterName = readFileSync('/proc/self/stat', 'utf8').split(') ')[1] ?? '';
  const [user = 0, system = 0] = afterName.split(' ').slice(13, 15).map(Number);
  return (user + system) * MS_PER_TICK;
}

function processorMs(args: readonly string[]): number {
  const before = spentByChildren();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit status ${status}\n${stderr}`);
  return spentByChildren() - before;
}

const peers = new Peers();
try {
  const agent = await new AgentProcess(peers, { supervise: false, args: [] }).start();
  await agent.addPorts(portPaths(memoryFolder(peers), interfaces));
  const db = `unix:${join(agent.folder, 'db.sock')}`;
  const reads = ['list-interfaces', 'show', 'list-versions --all', 'show-interface vhu0', 'decode 0x130008000'];
  const calls = new Map([['node -e 0', ['-e', '0']]]);
  for (const read of reads) calls.set(`vhost-compat ${read}`, [PROGRAM, '--db', db, ...read.split(' ')]);
  const times = new Map([...calls.keys()].map((name) => [name, [] as number[]]));
  for (let n = 0; n < rounds; n += 1) for (const [name, args] of calls) times.get(name)?.push(processorMs(args));
  const empty = median(times.get('node -e 0') ?? []);
  const rows = [...times].map(([name, all]) => {
    const [middle, least, most] = [median(all), Math.min(...all), Math.max(...all)];
    return `| ${name} | ${middle} (${least}–${most}) | ${(middle / empty).toFixed(2)} | ${name === 'node -e 0' ? '' : `≤ ${GOAL}`} |`;
  });
  const table = ['| command | processor time, ms | / empty node | goal |', '|---|---:|---:|---|', ...rows].join('\n');
  const text = `${machine()}.\nMedians of ${rounds} rounds (least–greatest), taking turns; ${interfaces} interfaces; load of the machine at the end ${load()}.\n\n${table}`;
  console.log(text);
  if (process.argv.includes('--write')) writeSection('cli', text);
} finally {
  await peers.end();
}
