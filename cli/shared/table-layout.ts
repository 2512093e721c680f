import { type Look, paintWord } from './terminal.ts';
import { displayWidth, padDisplay, wrapLine } from './text-width.ts';

/**
 * Tables that fit a width. The last column gives way first: its text is continued below itself or, where that would be
 * too narrow, on lines of its own below the row. Then the middle columns break their words; then the table is cut into
 * several, one below the other, each with the first column.
 */

const GAP = 2;
/** Less is no width for a sentence. */
const LEAST_TEXT = 20;
/** What a column in the middle keeps. */
const LEAST_CELL = 12;
/** Of lines below their row. */
const INDENT = 4;

interface Group {
  /** Which columns stand side by side, and how wide. */
  readonly columns: readonly number[];
  readonly widths: readonly number[];
  /** The column whose text stands below. */
  readonly below?: number | undefined;
}

/** The lines of a table whose cells are single lines. */
export function tableLines(headings: readonly string[] | undefined, rows: readonly string[][], look: Look): string[] {
  const all = headings === undefined ? rows : [headings, ...rows];
  const count = all[0]?.length ?? 0;
  const natural = Array.from({ length: count }, (_, index) =>
    all.reduce((most, row) => Math.max(most, displayWidth(row[index] ?? '')), 0),
  );
  return groupsOf(natural, look.width).flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    ...(headings === undefined ? [] : rowLines(headings, group, look).map(look.style.heading)),
    ...rows.flatMap((row) => rowLines(row, group, look, true)),
  ]);
}

function groupsOf(natural: readonly number[], width: number): Group[] {
  const columns = [...natural.keys()];
  if (sum(natural) <= width) return [{ columns, widths: natural }];
  const before = natural.slice(0, -1);
  const last = natural.at(-1) ?? 0;
  const room = width - sum(before) - (before.length === 0 ? 0 : GAP);
  if (room >= Math.min(last, LEAST_TEXT)) return [{ columns, widths: [...before, room] }];
  const below = last > LEAST_TEXT && before.length > 1 ? before.length : undefined;
  const widths = squeezed(below === undefined ? natural : before, width);
  return sideBySide(widths, width).map((group, index, groups) => {
    return index === groups.length - 1 ? { ...group, below } : group;
  });
}

/** Takes from the widest column but the first until all fit or all have the least; from the first only what is left. */
function squeezed(natural: readonly number[], width: number): number[] {
  const widths = natural.map((one) => Math.min(one, width));
  for (let over = sum(widths) - width; over > 0; over--) {
    const widest = widths.reduce((best, one, index) => (index > 0 && one > (widths[best] ?? 0) ? index : best), 1);
    if ((widths[widest] ?? 0) <= LEAST_CELL) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const first = widths[0] ?? 0;
  const rest = sum(widths.slice(1)) + GAP;
  if (first + rest > width) widths[0] = Math.min(first, Math.max(Math.floor(width / 2), width - rest));
  return widths;
}

/** As many columns as fit beside the first, then the first again with the next ones. */
function sideBySide(widths: readonly number[], width: number): Group[] {
  const [first = 0, ...others] = widths;
  const groups: { columns: number[]; widths: number[] }[] = [{ columns: [0], widths: [first] }];
  for (const [index, one] of others.entries()) {
    const group = groups.at(-1);
    if (group !== undefined && (group.columns.length === 1 || sum(group.widths) + GAP + one <= width)) {
      group.columns.push(index + 1);
      group.widths.push(Math.min(one, width - first - GAP));
    } else groups.push({ columns: [0, index + 1], widths: [first, Math.min(one, width - first - GAP)] });
  }
  return groups;
}

function sum(widths: readonly number[]): number {
  return widths.reduce((all, one) => all + one, 0) + GAP * Math.max(0, widths.length - 1);
}

function rowLines(row: readonly string[], { columns, widths, below }: Group, look: Look, paint = false): string[] {
  const cells = columns.map((column, index) => wrapLine(row[column] ?? '', widths[index] ?? 0));
  const height = cells.reduce((most, lines) => Math.max(most, lines.length), 1);
  const lines = Array.from({ length: height }, (_, line) =>
    cells
      .map((parts, index) => {
        const text = parts[line] ?? '';
        const filled = padDisplay(text, widths[index] ?? 0);
        return paint ? filled.replace(text, () => paintWord(look.style, text)) : filled;
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
  const text = below === undefined ? '-' : (row[below] ?? '-');
  const more = text === '-' ? [] : wrapLine(' '.repeat(INDENT) + text, look.width, INDENT);
  return [...lines, ...more];
}
