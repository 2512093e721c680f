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
