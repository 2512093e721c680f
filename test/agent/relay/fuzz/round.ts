import { readdirSync } from 'node:fs';
import { aWhile, Bench } from '../../support.ts';
import type { Neighbour } from './neighbour.ts';
import type { DescriptorKit } from './raw.ts';
import { Subject } from './subject.ts';

/** Four for each pair of roles. */
const PORTS = 16;

export function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

export interface RoundParts {
  readonly seed: number;
  readonly kit: DescriptorKit;
  readonly neighbour: Neighbour;
  readonly count: (messages: number) => void;
  /** How long the attacks last. */
  readonly ms: number;
  /** How many files are open when all is quiet. */
  readonly files: number;
}

/** Counts when nothing is under way any more. */
export async function filesAtRest(): Promise<number> {
  let least = openFiles();
  for (let i = 0; i < 20; i += 1) {
    await aWhile(5);
    least = Math.min(least, openFiles());
  }
  return least;
}

/** Several ports under attack from both sides at once, and one between peers that behave. @throws if anything gives */
export async function fuzzRound({ seed, kit, neighbour, count, ms, files }: RoundParts): Promise<void> {
  const bench = new Bench();
  const subjects: Subject[] = [];
  let over = false;
  const talking = neighbour.talk(() => over);
  talking.catch(() => {}); // heard below, when the attacks are over
  try {
    for (let i = 0; i < PORTS; i += 1)
      subjects.push(new Subject(bench, i, { seed: seed * 1000 + i * 7919, kit, count }));
    await attack(subjects, ms);
    await Promise.all(subjects.map((one) => watched(one, () => one.recover())));
  } finally {
    over = true;
    for (const one of subjects) await one.stop();
    bench.close();
  }
  await talking;
  await allClosed(files, subjects);
}

async function attack(subjects: readonly Subject[], ms: number): Promise<void> {
  const end = performance.now() + ms;
  for (let now = performance.now(); now < end; now = performance.now()) {
    for (const one of subjects) await watched(one, () => one.turn(now));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Says of what port and dialogue an error is. */
async function watched(subject: Subject, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${subject.log}`, { cause: error });
  }
}

async function allClosed(files: number, subjects: readonly Subject[]): Promise<void> {
  for (let i = 0; i < 50 && openFiles() > files; i += 1) await aWhile(10);
  if (openFiles() <= files) return;
  throw new Error(`${openFiles()} files are open, ${files} were\n${subjects.map(({ log }) => log).join('\n')}`);
}
