import { CATALOGUE, type ErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { OvsdbCallError, OvsdbConnectionError, OvsdbTimeoutError } from '../../rpc/ovsdb/client/client-errors.ts';

/** What a command's exit status says. Scripts rely on these numbers; they never change their meaning. */
export const EXIT = { done: 0, failed: 1, usage: 2, no: 3, unreachable: 4 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** A command line that cannot be understood: exit 2, whatever the code says about the kind of the mistake. */
export class UsageError extends CompatError {
  /** How the command is called, when the mistake is in the shape of the call. */
  readonly usage: string | undefined;

  constructor(message: string, options: { code?: ErrorCode; usage?: string; cause?: unknown } = {}) {
    super(options.code ?? 'VC-USAGE', message, {}, options.cause === undefined ? undefined : { cause: options.cause });
    this.usage = options.usage;
  }
}

/** An error that another process reported together with its exit status. */
export class ReportedError extends CompatError {
  readonly exit: Exit;

  constructor(code: ErrorCode, message: string, exit: Exit) {
    super(code, message);
    this.exit = exit;
  }
}

/** Codes whose exit status is not 1. */
const EXIT_OF_CODE: Partial<Record<ErrorCode, Exit>> = {
  'VC-USAGE': EXIT.usage,
  'VC-MODE-FEATURES': EXIT.no,
  'VC-MODE-PROTOCOL': EXIT.no,
  'VC-MODE-LIMIT': EXIT.no,
  'VC-MODE-NONE': EXIT.no,
  'VC-BACKEND-UNKNOWN': EXIT.no,
  'VC-VERSION-UNUSABLE': EXIT.no,
  'VC-VERSION-DEVICE-TYPE': EXIT.no,
  'VC-SELECT-NONE': EXIT.no,
  'VC-DIGEST-DIFFERS': EXIT.no,
  'VC-EXPLAIN-NONE': EXIT.no,
  'VC-MOVE': EXIT.no,
  'VC-MOVE-DIRECTION': EXIT.no,
  'VC-MIGRATE-LOG': EXIT.no,
  'VC-DRAIN': EXIT.no,
  'VC-UPGRADE': EXIT.no,
  'VC-DEFAULT-IN-USE': EXIT.no,
  'VC-DB-CONNECT': EXIT.unreachable,
  'VC-API-CONNECT': EXIT.unreachable,
  'VC-TIMEOUT': EXIT.unreachable,
  'VC-VHOST-TIMEOUT': EXIT.unreachable,
};

export function exitOf(error: CompatError): Exit {
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof ReportedError ? error.exit : (EXIT_OF_CODE[error.code] ?? EXIT.failed);
}

/** Any thrown thing as an error of the catalogue; what is not one of ours is our bug. */
export function asCompatError(error: unknown): CompatError {
  if (error instanceof CompatError) return error;
  if (error instanceof OvsdbConnectionError)
    return new CompatError('VC-DB-CONNECT', error.message, {}, { cause: error });
  if (error instanceof OvsdbTimeoutError) return new CompatError('VC-TIMEOUT', error.message, {}, { cause: error });
  if (error instanceof OvsdbCallError) return new CompatError('VC-DB-TRANSACTION', error.message, {}, { cause: error });
  const text = error instanceof Error ? error.message : String(error);
  return new CompatError('VC-INTERNAL', text, {}, { cause: error });
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
