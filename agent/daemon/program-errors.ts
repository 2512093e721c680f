import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { EXIT } from '../../compat-tables/errors/exit-status.ts';

/** A command line that cannot be understood. */
export function callError(mistake: string): CompatError {
  return new CompatError('VC-USAGE', `Cannot read the command line: ${mistake}`);
}

/** Prints an error on stderr, in one line or as JSON, and sets the exit status of the process to that of the error. */
export function reportError(error: unknown, asJson = false): void {
  const { code, message } = error instanceof CompatError ? error : { code: undefined, message: messageOf(error) };
  const line = `vhost-compatd: ${message}${code === undefined ? '' : ` [${code}]`}`;
  process.stderr.write(`${asJson ? JSON.stringify({ code: code ?? 'VC-INTERNAL', message }) : line}\n`);
  process.exitCode = error instanceof CompatError ? error.exit : EXIT.failed;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
