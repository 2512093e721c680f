import { load, machine, median } from '../results.ts';
import type { Workload } from './workloads.ts';

export interface Figure {
  readonly workload: Workload;
  /** Operations in a second, one for each round. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

export function ratio({ ours, theirs }: Figure): number {
  return median(ours) / median(theirs);
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

export function table(figures: readonly Figure[]): string {
  const lines = figures.map((figure) => {
    const { workload, ours, theirs } = figure;
    const cells = [workload.name, workload.unit, shown(median(ours)), shown(median(theirs)), ratio(figure).toFixed(2)];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| work | per second | ours | ovsdb-server | ratio |', '|---|---|---:|---:|---:|', ...lines].join('\n');
}

export function circumstances(version: string, rounds: number): string {
  return [
    `${machine()}, ${version}.`,
    `Medians of ${rounds} rounds, the two servers taking turns; load of the machine at the end ${load()}.`,
  ].join('\n');
}
