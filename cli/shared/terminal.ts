/** What the command line needs of the world around it, so that tests can stand in for the terminal. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Colours are shown, and progress, only to somebody who watches. */
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Of the terminal; undefined when neither stream is one. */
  readonly columns: number | undefined;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Settles with the name of the signal when the user or the system asks the command to end. */
  interrupted(): Promise<string>;
  /** Settles when nobody reads stdout any more. */
  outputClosed(): Promise<void>;
}

/** The real streams. `failed` is called once when stdout cannot be written to, a closed pipe excepted. */
export function processIo(failed: (error: Error) => void): Io {
  let closed = false;
  let tellClosed: () => void = () => {};
  const outputClosed = new Promise<void>((resolve) => {
    tellClosed = resolve;
  });
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (closed) return;
    closed = true;
    tellClosed();
    // `vhost-compat … | head` has seen enough; that is no fault of ours
    if (error.code !== 'EPIPE') failed(error);
  });
  process.stderr.on('error', () => {});
  let ended: Promise<string> | undefined;
  return {
    env: process.env,
    stdoutIsTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    get columns() {
      return process.stdout.columns ?? process.stderr.columns;
    },
    stdout: (text) => {
      if (!closed) process.stdout.write(text);
    },
    stderr: (text) => {
      process.stderr.write(text);
    },
    interrupted: () => {
      ended ??= new Promise((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
      });
      return ended;
    },
    outputClosed: () => outputClosed,
  };
}

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
const BAD: ReadonlySet<string> = new Set(['no', 'blocked', 'differs', 'withdrawn', 'refused', 'never']);

/** A cell of a table in the colour of its word. */
export function paintWord(style: Style, word: string): string {
  return GOOD.has(word) ? style.good(word) : BAD.has(word) ? style.bad(word) : word;
}
