import type { ErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

/** Exit codes, the same as the command line's where they mean the same. */
export const FAILED = 1;
export const USAGE = 2;
const CANNOT_CONNECT = 4;

/** What is wrong with the call, and what cannot be reached; everything else is a failure. */
const EXIT_OF_CODE: Partial<Record<ErrorCode, number>> = {
  'VC-CONFIG': USAGE,
  'VC-ENDPOINT': USAGE,
  'VC-RELEASE-UNKNOWN': USAGE,
  'VC-DB-CONNECT': CANNOT_CONNECT,
  'VC-BACKEND-CONNECT': CANNOT_CONNECT,
  'VC-VHOST-TIMEOUT': CANNOT_CONNECT,
};

/** How an error ends the process. */
export function exitCode(error: unknown): number {
  return error instanceof CompatError ? (EXIT_OF_CODE[error.code] ?? FAILED) : FAILED;
}

/** Says on stderr, in one line, what went wrong. */
export function tellFailure(error: unknown): void {
  const code = error instanceof CompatError ? ` [${error.code}]` : '';
  process.stderr.write(`vhost-compatd: ${error instanceof Error ? error.message : String(error)}${code}\n`);
}
