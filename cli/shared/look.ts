import type { Io } from './terminal-io.ts';

/** How texts for people look where they are shown: how wide a line may be, and whether there are colours. */
export interface Look {
  readonly width: number;
  readonly style: Style;
}

type Paint = (text: string) => string;

export interface Style {
  readonly heading: Paint;
  readonly good: Paint;
  readonly bad: Paint;
}

/** As coreutils take it where nobody says better. */
const USUAL_WIDTH = 80;
/** Narrower than this nothing could be read. */
const LEAST_WIDTH = 20;

const same: Paint = (text) => text;
const PLAIN: Style = { heading: same, good: same, bad: same };

/** SGR of ECMA-48, section 8.3.117: bold, green, red. */
const sgr =
  (code: number): Paint =>
  (text) =>
    `\u001b[${code}m${text}\u001b[0m`;
const COLOURED: Style = { heading: sgr(1), good: sgr(32), bad: sgr(31) };

/** Unlimited and without colours: a text as it is. */
export const PLAIN_LOOK: Look = { width: Number.POSITIVE_INFINITY, style: PLAIN };

/** The look of standard output. */
export function outputLook(io: Io): Look {
  return { width: widthOf(io), style: styleOf(io, io.stdoutIsTerminal) };
}

/** The look of standard error, which programs read line by line: only a terminal breaks its lines. */
export function errorLook(io: Io): Look {
  const width = io.stderrIsTerminal ? widthOf(io) : PLAIN_LOOK.width;
  return { width, style: styleOf(io, io.stderrIsTerminal) };
}

/** COLUMNS, 0 for no limit; else the terminal's own. */
function widthOf(io: Io): number {
  const named = io.env['COLUMNS'] ?? '';
  if (/^0+$/.test(named)) return PLAIN_LOOK.width;
  const width = /^\d{1,6}$/.test(named) ? Number(named) : io.columns || USUAL_WIDTH;
  return Math.max(LEAST_WIDTH, width);
}

/** NO_COLOR as no-color.org has it: any value that is not empty. */
function styleOf({ env }: Io, isTerminal: boolean): Style {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb' ? COLOURED : PLAIN;
}

const GOOD: ReadonlySet<string> = new Set(['yes', 'usable', 'negotiated']);
const BAD: ReadonlySet<string> = new Set(['no', 'blocked', 'differs', 'refused', 'never']);

/** A cell of a table in the colour of its word. */
export function paintWord(style: Style, word: string): string {
  return GOOD.has(word) ? style.good(word) : BAD.has(word) ? style.bad(word) : word;
}
