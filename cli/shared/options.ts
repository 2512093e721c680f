import { MAX_TIMER_MS } from '../../base/timers.ts';
import type { TlsFiles } from '../../rpc/ovsdb/wire/tls-files.ts';
import { choice, UsageError } from './command-errors.ts';
import { FORMATS, type Format } from './formats.ts';

/** Where the agent serves its database unless told otherwise. */
export const DEFAULT_DATABASE = 'unix:/run/vhost-compat/db.sock';

/** The options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly db: string;
  /** Given for ssl: and pssl: remotes; all three or none. */
  readonly tls: TlsFiles | undefined;
  readonly host: string | undefined;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly retry: boolean;
  readonly format: Format;
  readonly headings: boolean;
  readonly columns: readonly string[] | undefined;
  readonly dryRun: boolean;
  readonly wait: boolean;
  readonly verbose: boolean;
}

/** Flags and help of each, as commander wants them. */
export const GLOBAL_OPTIONS: readonly (readonly [flags: string, help: string])[] = [
  [
    '-d, --db <REMOTE>',
    `the database: unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT (default: $VHOST_COMPAT_DB, else ${DEFAULT_DATABASE})`,
  ],
  ['-p, --private-key <FILE>', 'for ssl: and pssl: remotes: the private key, PEM'],
  ['-c, --certificate <FILE>', 'for ssl: and pssl: remotes: the certificate of that key, PEM'],
  [
    '-C, --ca-cert <FILE>',
    'for ssl: and pssl: remotes: the authority that must have signed the certificate of the peer, PEM',
  ],
  ['--host <NAME>', 'which host, by system id or host name, when the database holds several'],
  ['-t, --timeout <SECS>', 'give up after SECS seconds (0, the default: wait as long as it takes)'],
  ['--retry', 'keep trying to connect to the database, and to reach it again; without it: fail after 5 seconds'],
  ['-f, --format <FORMAT>', `${FORMATS.join(', ')} (default: table)`],
  ['--no-headings', 'leave out headings'],
  ['--columns <NAMES>', 'only these columns, separated by commas, in this order'],
  ['--dry-run', 'check everything, change nothing'],
  ['--no-wait', 'do not wait until the agent has applied a change'],
  ['-v, --verbose', 'say on stderr what is being done'],
];

/** The raw values of the two places where a global option may stand; the one after the command wins. */
export function readGlobalOptions(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): GlobalOptions {
  const text = (name: string): string | undefined => {
    const value = after[name] ?? before[name];
    return typeof value === 'string' ? value : undefined;
  };
  const given = (name: string): boolean => before[name] === true || after[name] === true;
  // commander sets a negated option to true by default, so only a false says that somebody wrote --no-…
  const kept = (name: string): boolean => before[name] !== false && after[name] !== false;
  const columns = text('columns');
  return {
    db: text('db') ?? (env['VHOST_COMPAT_DB'] || DEFAULT_DATABASE),
    tls: readTls(text),
    host: text('host'),
    timeoutMs: readTimeout(text('timeout') ?? '0'),
    retry: given('retry'),
    format: choice('format', text('format') ?? 'table', FORMATS),
    headings: kept('headings'),
    columns: columns === undefined ? undefined : readColumns(columns),
    dryRun: given('dryRun'),
    wait: kept('wait'),
    verbose: given('verbose'),
  };
}

function readTls(text: (name: string) => string | undefined): TlsFiles | undefined {
  const [privateKey, certificate, caCert] = [text('privateKey'), text('certificate'), text('caCert')];
  if (privateKey !== undefined && certificate !== undefined && caCert !== undefined)
    return { privateKey, certificate, caCert };
  const files = Object.entries({ '--private-key': privateKey, '--certificate': certificate, '--ca-cert': caCert });
  const missing = files.filter(([, value]) => value === undefined).map(([name]) => name);
  if (missing.length === 3) return undefined;
  throw new UsageError(
    `Cannot use TLS: saw no ${missing.join(' and no ')}; wanted --private-key, --certificate and --ca-cert together`,
  );
}

const MAX_TIMEOUT_SECONDS = Math.floor(MAX_TIMER_MS / 1000);

function readTimeout(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= MAX_TIMEOUT_SECONDS) return Math.ceil(seconds * 1000);
  throw new UsageError(
    `Cannot read --timeout: saw "${text}"; wanted a number of seconds, at most ${MAX_TIMEOUT_SECONDS} (0: no limit)`,
  );
}

function readColumns(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new UsageError(`Cannot read --columns: saw "${text}"; wanted names of columns, separated by commas`);
}

/** Whether errors are to be JSON, told from the bare words: the mistake may be such that parsing never ends. */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      word === '--format=json' ||
      word === '-fjson' ||
      (word === 'json' && ['-f', '--format'].includes(argv[index - 1] ?? '')),
  );
}
