import { EXIT, type Exit } from '../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

/** A command line that cannot be understood. */
export function callError(mistake: string): CompatError {
  return new CompatError('VC-USAGE', `Cannot read the command line: ${mistake}`);
}

/** The exit status of the process that an error ends. */
export function exitStatusOf(error: unknown): Exit {
  return error instanceof CompatError ? error.exit : EXIT.failed;
}

/** Prints an error on stderr, in one line. */
export function printError(error: unknown): void {
  const code = error instanceof CompatError ? ` [${error.code}]` : '';
  process.stderr.write(`vhost-compatd: ${error instanceof Error ? error.message : String(error)}${code}\n`);
}
