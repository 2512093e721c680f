import { CATALOGUE, type ErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { EXIT, type Exit } from '../../compat-tables/errors/exit-status.ts';
import { OvsdbCallError, OvsdbConnectionError, OvsdbTimeoutError } from '../../rpc/ovsdb/client/client-errors.ts';

/** A command line that cannot be understood: exit 2, whatever the code says about the kind of the mistake. */
export class UsageError extends CompatError {
  /** How the command is called, when the mistake is in the shape of the call. */
  readonly usage: string | undefined;

  constructor(message: string, options: { code?: ErrorCode; usage?: string; cause?: unknown } = {}) {
    super(options.code ?? 'VC-USAGE', message, {}, options.cause === undefined ? undefined : { cause: options.cause });
    this.usage = options.usage;
  }

  override get exit(): Exit {
    return EXIT.usage;
  }
}

/** An error that another process reported together with its exit status. */
export class ReportedError extends CompatError {
  readonly #exit: Exit;

  constructor(code: ErrorCode, message: string, exit: Exit) {
    super(code, message);
    this.#exit = exit;
  }

  override get exit(): Exit {
    return this.#exit;
  }
}

/** Any thrown thing as an error of the catalogue. */
export function asCataloguedError(error: unknown): CompatError {
  if (error instanceof CompatError) return error;
  return new CompatError(codeOf(error), reasonOf(error), {}, { cause: error });
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof OvsdbConnectionError) return 'VC-DB-CONNECT';
  if (error instanceof OvsdbTimeoutError) return 'VC-TIMEOUT';
  // what is not one of ours is our bug
  return error instanceof OvsdbCallError ? 'VC-DB-TRANSACTION' : 'VC-INTERNAL';
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The lines that stderr gets for an error: one of JSON for programs, a few for people. */
export function describeError(error: CompatError, asJson: boolean, verbose: boolean): string {
  const row = CATALOGUE[error.code];
  if (asJson) {
    const { code, message, details } = error;
    return `${JSON.stringify({ error: { code, message, details, remedy: row.remedy } }, bigintAsHex)}\n`;
  }
  const lines = [`vhost-compat: ${error.message} [${error.code}]`];
  if (error instanceof UsageError && error.usage !== undefined) lines.push(`usage: ${error.usage}`);
  // a usage error has said what it wanted already
  if (!(error instanceof UsageError)) lines.push(`remedy: ${row.remedy}`);
  if (verbose) lines.push(String(error.stack ?? ''), ...causes(error));
  return `${lines.join('\n')}\n`;
}

function causes(error: Error): string[] {
  const { cause } = error;
  return cause instanceof Error ? [`caused by: ${cause.stack ?? cause.message}`, ...causes(cause)] : [];
}

function bigintAsHex(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

/** Runs a parser on something the user typed: its complaint keeps its code and becomes a usage error. */
export function typed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CompatError) throw new UsageError(error.message, { code: error.code, cause: error });
    throw error;
  }
}

/** One of some words that the user chose. Throws UsageError. */
export function choice<T extends string>(option: string, text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const wanted = [words.slice(0, -1).join(', '), ...words.slice(-1)].join(' or ');
  throw new UsageError(`Cannot read --${option}: saw "${text}"; wanted ${wanted}`);
}
