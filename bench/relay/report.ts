import { load, machine, median } from '../results.ts';

/** Something that was measured in both ways, in turns. */
export interface Comparison {
  readonly work: string;
  /** What stands between front-end and back-end. */
  readonly through: string;
  readonly unit: string;
  readonly direct: readonly number[];
  readonly relayed: readonly number[];
  /** Through the C relay, the least that a process in between can cost; undefined: not measured. */
  readonly floor?: readonly number[] | undefined;
  /** The ratio to direct to reach. */
  readonly goal?: string;
  /** The ratio to the C relay to reach. */
  readonly floorGoal?: string;
}

/** How long a port's handshakes took while something else was going on. */
export interface Disturbance {
  readonly work: string;
  /** What was going on. */
  readonly meanwhile: string;
  /** Milliseconds, of all rounds together. */
  readonly times: readonly number[];
  /** The same while nothing was going on, in turns with it. */
  readonly quiet: readonly number[];
  /** The ratio of the 99th percentiles to reach. */
  readonly goal?: string;
}

/** A figure that has nothing to be compared with. */
export interface Value {
  readonly what: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly goal?: string;
}

export interface Findings {
  readonly comparisons: Comparison[];
  readonly disturbances: Disturbance[];
  readonly values: Value[];
  /** Work that was left out, and why; what must be known to read a figure. */
  readonly notes: string[];
}

export function noFindings(): Findings {
  return { comparisons: [], disturbances: [], values: [], notes: [] };
}

function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value === 0 ? '0' : value.toPrecision(3);
}

/** The least and the greatest, when there was more than one round. */
function spread(values: readonly number[]): string {
  return values.length < 2 ? '' : ` (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
}

function rows(head: readonly string[], align: string, lines: readonly (readonly string[])[]): string {
  return [`| ${head.join(' | ')} |`, align, ...lines.map((cells) => `| ${cells.join(' | ')} |`)].join('\n');
}

function middle(values: readonly number[]): string {
  return `${shown(median(values))}${spread(values)}`;
}

function ratio(above: number, below: number): string {
  return below > 0 ? (above / below).toFixed(2) : '–';
}

/** The value that so many of a hundred do not exceed. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}

export function tables({ comparisons, disturbances, values, notes }: Findings): string {
  const compared = comparisons.map(({ work, through, unit, direct, floor, relayed, goal = '', floorGoal = '' }) => [
    ...[work, through, unit, middle(direct), floor ? middle(floor) : '–', middle(relayed)],
    ...[ratio(median(relayed), median(direct)), goal],
    ...(floor
      ? [ratio(median(floor), median(direct)), ratio(median(relayed), median(floor)), floorGoal]
      : ['–', '–', '']),
  ]);
  const disturbed = disturbances.map(({ work, meanwhile, times, quiet, goal = '' }) => [
    ...[work, meanwhile, ...[50, 99].map((percent) => shown(percentile(times, percent)))],
    ...[50, 99].map((percent) => shown(percentile(quiet, percent))),
    ...[ratio(percentile(times, 99), percentile(quiet, 99)), goal],
  ]);
  const alone = values.map((one) => [
    one.what,
    one.unit,
    `${shown(median(one.values))}${spread(one.values)}`,
    one.goal ?? '',
  ]);
  const parts = [
    compared.length > 0 &&
      rows(
        [
          ...['work', 'through', 'unit', 'direct', 'C relay', 'relayed'],
          ...['relayed / direct', 'goal', 'C relay / direct', 'relayed / C relay', 'goal'],
        ],
        '|---|---|---|---:|---:|---:|---:|---|---:|---:|---|',
        compared,
      ),
    disturbed.length > 0 &&
      rows(
        ['work', 'meanwhile', 'p50, ms', 'p99, ms', 'quiet p50, ms', 'quiet p99, ms', 'p99 / quiet p99', 'goal'],
        '|---|---|---:|---:|---:|---:|---:|---|',
        disturbed,
      ),
    alone.length > 0 && rows(['what', 'unit', 'value', 'goal'], '|---|---|---:|---|', alone),
    notes.length > 0 && notes.map((note) => `- ${note}`).join('\n'),
  ];
  return parts.filter((part) => part !== false).join('\n\n');
}

export function circumstances(rounds: number): string {
  return [
    `${machine()}.`,
    `Medians of ${rounds} rounds (least–greatest), direct, the C relay and relayed taking turns; load of the machine at the end ${load()}.`,
  ].join('\n');
}
