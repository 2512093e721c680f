import type { Outcome } from './predictions-bench.ts';
import { machineText, type Pair, pairName } from './predictions-pairs.ts';

export interface Row {
  readonly pair: Pair;
  readonly outcome: Outcome;
}

const HEADINGS = ['kind', 'guest', 'from', 'to', 'check-move', 'QEMU'];

const INTRODUCTION = `# Predictions and what happened

Each row is one real migration: a Linux guest (QEMU 7.2 without KVM) whose interface runs in the mode *from*, an agent on
either side, DPDK's testpmd behind both, which offers more than any mode here, so that the agents alone make the
difference. \`check-move vhu0 TARGET --version TO\` is asked while the guest runs at the source; then the guest is really
migrated to a QEMU whose interface has the mode *to*. *yes* means: the guest runs at the destination and its pings are
answered. *default* is an interface without a pin.

*guest* are the properties that QEMU's network card has on both sides, as they decide what the guest's driver takes:
guests that take less than their mode gives can go further. Where *there* is given, the card at the destination was
started with other properties. check-move speaks for equal properties; where a feature of the guest is QEMU's own to
decide, it says so ("device:"), and of a property that it cannot see it warns ("warns of"); only of those may QEMU make
a no in spite of a yes.
`;

/** The whole of docs/predictions.md, from the texts of its rows. */
export function predictionsDocument(rows: readonly string[]): string {
  const table = rows.map((row) => cells(`| ${row} |`));
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...table.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const moved = table.filter((row) => row.at(-1) === 'yes').length;
  return [
    INTRODUCTION,
    `${rows.length} pairs: ${moved} moved, ${rows.length - moved} did not. A run of the test writes the rows of the pairs that`,
    'it tries: `VHOST_COMPAT_PAIRS=all UPDATE_DOCS=1 npx mocha --no-config dist/test/real/predictions.test.js`.',
    '',
    line(HEADINGS),
    line(widths.map((width) => '-'.repeat(width))),
    ...table.map(line),
    '',
  ].join('\n');
}

/** A row of the document as a text that is compared: the padding is left out. */
export function rowText(row: Row): string {
  return cellsOf(row).join(' | ');
}

/** The rows that a document has. */
export function rowsIn(document: string): string[] {
  return document
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => cells(line).join(' | '));
}

/** The key of a pair, from a row's text. */
export function pairIn(row: string): string {
  return cells(`| ${row} |`).slice(0, 4).join(' | ');
}

export function pairText(pair: Pair): string {
  return questionCells(pair).join(' | ');
}

/** Whether reality was as predicted; a text says how not. */
export function verdict({ pair, outcome: { prediction, happened } }: Row): string | undefined {
  const { possible, missing, decidedByDevice, warnedOf } = prediction;
  const name = pairName(pair);
  if (possible && !happened.completed) {
    const told = [...(pair.destinationDevice === undefined ? [] : decidedByDevice), ...warnedOf];
    const foreseen = happened.lost.length > 0 && happened.lost.every((lost) => told.includes(lost));
    return foreseen ? undefined : `false yes: ${name}: ${happened.why}`;
  }
  if (!possible && happened.completed) return `false no: ${name}: ${prediction.codes.join(', ')} ${missing.join(', ')}`;
  // Where QEMU names bits, they are those that were named before.
  const wrong = happened.lost.filter((lost) => !missing.includes(lost) && !decidedByDevice.includes(lost));
  return wrong.length === 0 ? undefined : `wrong reason: ${name}: QEMU lacks ${wrong.join(', ')}`;
}

function cellsOf({ pair, outcome: { prediction, happened } }: Row): string[] {
  const { possible, codes, missing, decidedByDevice, warnedOf } = prediction;
  const device = decidedByDevice.length === 0 ? '' : ` (device: ${short(decidedByDevice)})`;
  const warning = warnedOf.length === 0 ? '' : ` (warns of ${short(warnedOf)})`;
  const foreseen = possible
    ? `yes${device}${warning}`
    : `no: ${missing.length > 0 ? short(missing) : codes.join(', ')}`;
  const { completed, by, lost, why = '' } = happened;
  const seen = completed ? 'yes' : `no: ${lost.length > 0 ? short(lost) : reason(by, why)}`;
  return [...questionCells(pair), foreseen, seen];
}

function questionCells({ kind, source, destination, destinationDevice, ...machine }: Pair): string[] {
  const there = destinationDevice === undefined ? '' : `, there: ${machineText({ device: destinationDevice })}`;
  return [kind, `${machineText(machine)}${there}`, label(source), label(destination)];
}

function label(version: string): string {
  return version.replace('upstream.', '');
}

function short(names: readonly string[]): string {
  return names.map((name) => name.replace(/^VIRTIO_(NET_F_|RING_F_|F_)/, '')).join(', ');
}

/** Without what changes from run to run. */
function reason(by: string | undefined, why: string): string {
  if (by === 'agent') return 'the agent refuses the pin';
  if (by === 'network') return 'the network is dead there';
  const [line = ''] = why.split('\n');
  return line
    .replace(/^.*qemu-system-x86_64: /, '')
    .replace(/QEMU refused \{.*\}: /, '')
    .replace(/-device [^:]*: /, '')
    .replaceAll('|', '/');
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((text) => text.trim());
}
