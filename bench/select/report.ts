import { load, machine, median } from '../results.ts';
import { HOSTS, VERSIONS } from './fleets.ts';

export interface Figure {
  readonly name: string;
  readonly policy: string;
  /** Reading all documents from their texts. */
  readonly loadMs: number;
  /** The first selection of this policy. */
  readonly firstMs: number;
  readonly ours: readonly number[];
  readonly plain: readonly number[];
}

/** How long a selection may take at most. */
const GOAL_MS = 20;

export function table(figures: readonly Figure[]): string {
  const lines = figures.map(({ name, policy, loadMs, firstMs, ours, plain }) => {
    const cells = [
      name,
      policy,
      loadMs.toFixed(0),
      firstMs.toFixed(1),
      `${median(ours).toFixed(2)} (${Math.min(...ours).toFixed(2)})`,
    ];
    const ratio = median(plain) / median(ours);
    return `| ${[...cells, `< ${GOAL_MS}`, median(plain).toFixed(0), ratio.toFixed(0)].join(' | ')} |`;
  });
  return [
    '| fleet | policy | load, ms | first, ms | select, ms (least) | goal | whole matrix, ms | matrix / select |',
    '|---|---|---:|---:|---:|---:|---:|---:|',
    ...lines,
  ].join('\n');
}

export function circumstances(rounds: number): string {
  return [
    `${machine()}.`,
    `${HOSTS.toLocaleString('en')} documents × ${VERSIONS} versions; medians of ${rounds} rounds, of 3 for the matrix; load of the ` +
      `machine at the end ${load()}.`,
  ].join('\n');
}
