/**
 * Our OVSDB server beside ovsdb-server: the same requests, through unix sockets, with the same client, in turns. Arguments are
 * words; only work whose name has one of them is done, and nothing is written then. ROUNDS in the environment: 3 if not set.
 */
import { execFileSync } from 'node:child_process';
import { median, writeSection } from '../results.ts';
import type { Figure } from './report.ts';
import { circumstances, ratio, table } from './report.ts';
import { ours, real, type Subject } from './subjects.ts';
import { fill, WORKLOADS, type Workload } from './workloads.ts';

const rounds = Number(process.env['ROUNDS'] ?? 3);
const words = process.argv.slice(2);
const chosen = WORKLOADS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const version = execFileSync('ovsdb-server', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';

const subjects = { ours: ours(), theirs: real() };
for (const subject of Object.values(subjects)) {
  const wire = await subject.start();
  await fill(wire);
  wire.close();
}

/** On a connection of its own; a workload may have restarted the server. */
async function once(workload: Workload, subject: Subject): Promise<number> {
  const wire = await subject.connect();
  try {
    return await workload.run(subject, wire);
  } finally {
    wire.close();
  }
}

const figures: Figure[] = [];
for (const workload of chosen) {
  const figure = { workload, ours: [] as number[], theirs: [] as number[] };
  for (const subject of Object.values(subjects)) await once(workload, subject); // warms both up
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const)) {
      figure[side].push(await once(workload, subjects[side]));
    }
  }
  figures.push(figure);
  const both = `${Math.round(median(figure.ours))} : ${Math.round(median(figure.theirs))}`;
  console.log(`${ratio(figure).toFixed(2).padStart(7)}  ${workload.name} (${both} ${workload.unit}/s)`);
}
for (const subject of Object.values(subjects)) await subject.end();

if (words.length === 0) {
  writeSection('ovsdb', `${circumstances(version, rounds)}\n\n${table(figures)}`);
}
