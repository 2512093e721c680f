import { load, machine, median } from '../results.ts';

/** Something that was measured in both ways, in turns. */
export interface Comparison {
  readonly work: string;
  /** What stands between front-end and back-end. */
  readonly through: string;
  readonly unit: string;
  readonly direct: readonly number[];
  readonly relayed: readonly number[];
  /** The ratio to reach. */
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
  readonly values: Value[];
  /** Work that was left out, and why; what must be known to read a figure. */
  readonly notes: string[];
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

export function tables({ comparisons, values, notes }: Findings): string {
  const compared = comparisons.map(({ work, through, unit, direct, relayed, goal }) => [
    work,
    through,
    unit,
    `${shown(median(direct))}${spread(direct)}`,
    `${shown(median(relayed))}${spread(relayed)}`,
    median(direct) > 0 ? (median(relayed) / median(direct)).toFixed(2) : '–',
    goal ?? '',
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
        ['work', 'through', 'unit', 'direct', 'relayed', 'ratio', 'goal'],
        '|---|---|---|---:|---:|---:|---|',
        compared,
      ),
    alone.length > 0 && rows(['what', 'unit', 'value', 'goal'], '|---|---|---:|---|', alone),
    notes.length > 0 && notes.map((note) => `- ${note}`).join('\n'),
  ];
  return parts.filter((part) => part !== false).join('\n\n');
}

export function circumstances(rounds: number): string {
  return [
    `${machine()}.`,
    `Medians of ${rounds} rounds (least–greatest), direct and relayed taking turns; load of the machine at the end ${load()}.`,
  ].join('\n');
}
