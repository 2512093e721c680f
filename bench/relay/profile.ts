import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './product.ts';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  /** Microseconds on the clock of `now` in helper.ts. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A stretch of time that was measured, in milliseconds on the clock of `now`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

const MOST = 20;

/** Where the time went in the measured stretches: each function's own time, for each process that wrote into the folder. */
export function ownTimes(folder: string, stretches: readonly Stretch[]): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => join(folder, name))
    .map((file) => `${file}\n${ownTimesOf(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile, stretches)}`);
}

function ownTimesOf(profile: CpuProfile, stretches: readonly Stretch[]): string {
  const spent = new Map<string, number>();
  add(spent, profile, stretches);
  const all = [...spent.values()].reduce((sum, one) => sum + one, 0);
  const busy = all - (spent.get('(idle)') ?? 0);
  if (busy <= 0) return 'did nothing while it was measured';
  const shares = (times: ReadonlyMap<string, number>): string[] =>
    [...times]
      .filter(([name]) => name !== '(idle)')
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, MOST)
      .map(([name, us]) => `${((us / busy) * 100).toFixed(1).padStart(6)} %  ${name}`);
  const head = `busy ${(busy / 1000).toFixed(0)} ms of ${(all / 1000).toFixed(0)} ms; own time by folder:`;
  return [head, ...shares(byFolder(spent)), 'and by function:', ...shares(spent)].join('\n');
}

/** Names of functions end with the file and the line. */
function byFolder(spent: ReadonlyMap<string, number>): Map<string, number> {
  const folders = new Map<string, number>();
  for (const [name, us] of spent) {
    const file = name.split('  ')[1];
    const folder = file === undefined || file.startsWith('node:') ? 'node itself' : dirname(file);
    const key = name === '(idle)' ? name : folder;
    folders.set(key, (folders.get(key) ?? 0) + us);
  }
  return folders;
}

function add(spent: Map<string, number>, profile: CpuProfile, stretches: readonly Stretch[]): void {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  let at = profile.startTime;
  for (const [i, id] of profile.samples.entries()) {
    at += profile.timeDeltas[i] ?? 0;
    const ms = at / 1000;
    if (!stretches.some(({ from, to }) => ms >= from && ms <= to)) continue;
    const name = names.get(id) ?? '?';
    // A sample stands for the time until the next one.
    spent.set(name, (spent.get(name) ?? 0) + (profile.timeDeltas[i + 1] ?? 0));
  }
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  if (url === '') return functionName === '' ? '(native)' : functionName;
  const path = url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : url;
  return `${functionName === '' ? '(anonymous)' : functionName}  ${path}:${lineNumber + 1}`;
}
