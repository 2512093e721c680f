import { EXIT, type Exit } from '../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';

/** The exit status of a process that an error ends. */
export function exitCode(error: unknown): Exit {
  return error instanceof CompatError ? error.exit : EXIT.failed;
}

/** Says on stderr, in one line, what went wrong. */
export function tellFailure(error: unknown): void {
  const code = error instanceof CompatError ? ` [${error.code}]` : '';
  process.stderr.write(`vhost-compatd: ${error instanceof Error ? error.message : String(error)}${code}\n`);
}
