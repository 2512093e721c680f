import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isLogLevel, type LogLevel } from '../../base/log.ts';
import { MAX_TIMER_MS } from '../../base/timers.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { limitsMistake, type ServerLimits } from '../../rpc/ovsdb/server/limits.ts';
import {
  isSecure,
  parseActiveRemotes,
  parsePassiveRemote,
  type Remote,
  RemoteError,
} from '../../rpc/ovsdb/wire/remotes.ts';
import { readTlsFiles, type TlsFiles, TlsFilesError } from '../../rpc/ovsdb/wire/tls-files.ts';
import { BACKEND_KEYS, type BackendSettings, type DeclaredBackend, declared } from './declared-backend.ts';
import { DEFAULT_RUN_DIR } from './run-dir.ts';
import { anObject, count, isObject, type Reader, text, texts, upTo } from './setting-readers.ts';
import { defaultTableDirectories } from './table-directories.ts';

/** All that the agent needs to know before it starts. Every path is absolute. */
export interface Config {
  /** Undefined: kept in a file of the state directory, made at the first start. */
  readonly systemId: string | undefined;
  readonly hostname: string;
  readonly runDir: string;
  readonly stateDir: string;
  /** The file of the embedded database. */
  readonly database: string;
  /** Where the embedded database listens, `punix:`, `ptcp:` or `pssl:`. */
  readonly dbRemotes: readonly string[];
  /** The same for clients that may look and not write. */
  readonly dbRemotesRo: readonly string[];
  /** Permissions of the database's unix sockets. */
  readonly dbSocketMode: number;
  /** Silence in milliseconds after which the peer of a TCP or TLS connection is asked whether it lives; 0: never. */
  readonly dbInactivityProbeMs: number;
  readonly dbLimits: Partial<ServerLimits>;
  /** For `pssl:` and `ssl:` remotes. */
  readonly tls: TlsFiles | undefined;
  /** An OVSDB server that holds our database instead of the embedded one; undefined: embedded. */
  readonly db: string | undefined;
  /** The unix socket of the management API. */
  readonly api: string;
  readonly tables: readonly string[];
  /** Whether somebody named these directories, so that each has to be there. */
  readonly tablesNamed: boolean;
  /** Numeric group that owns the sockets; undefined: the group of the process. */
  readonly socketGroup: number | undefined;
  readonly backend: DeclaredBackend | undefined;
  readonly logLevel: LogLevel;
  /** How many events are kept for this host. */
  readonly eventLimit: number;
}

/** The same as they stand in a file or on the command line; every one may be left out. */
export interface Settings {
  readonly system_id?: string;
  readonly hostname?: string;
  readonly run_dir?: string;
  readonly state_dir?: string;
  readonly database?: string;
  readonly db_remotes?: readonly string[];
  readonly db_remotes_ro?: readonly string[];
  /** Octal, as chmod takes it: `"0660"`. */
  readonly db_socket_mode?: string;
  /** Milliseconds. */
  readonly db_inactivity_probe?: number;
  readonly db_limits?: Partial<ServerLimits>;
  readonly private_key?: string;
  readonly certificate?: string;
  readonly ca_cert?: string;
  readonly db?: string;
  readonly api?: string;
  readonly tables?: readonly string[];
  readonly socket_group?: number;
  readonly backend?: BackendSettings;
  readonly log_level?: string;
  readonly event_limit?: number;
}

/** The highest group that there is: all bits set says "no change" to chown. */
const MAX_GROUP = 2 ** 32 - 2;

/** Every setting and what it must be. A key that is not here is a mistake, never passed over in silence. */
const SETTINGS: Readonly<Record<keyof Settings, Reader>> = {
  system_id: text,
  hostname: text,
  run_dir: text,
  state_dir: text,
  database: text,
  db_remotes: texts,
  db_remotes_ro: texts,
  db_socket_mode: (value) =>
    typeof value === 'string' && /^0?[0-7]{3}$/.test(value) ? undefined : 'an octal number such as "0660"',
  db_inactivity_probe: upTo(MAX_TIMER_MS),
  db_limits: anObject,
  private_key: text,
  certificate: text,
  ca_cert: text,
  db: text,
  api: text,
  tables: texts,
  socket_group: upTo(MAX_GROUP),
  backend: anObject,
  log_level: (value) => (typeof value === 'string' && isLogLevel(value) ? undefined : 'debug, info, warn or error'),
  event_limit: count,
};

/** Reads a configuration file: one JSON object. Throws VC-CONFIG with the file, the key, what was seen and wanted. */
export function readConfigFile(path: string): Settings {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CompatError(
      'VC-CONFIG',
      `Cannot read configuration ${path}: ${(error as Error).message}`,
      { path },
      { cause: error },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new CompatError(
      'VC-CONFIG',
      `Cannot read configuration ${path}: not JSON: ${(error as Error).message}`,
      { path },
      { cause: error },
    );
  }
  return checkSettings(value, path);
}

/** Checks settings from any source; `origin` is named in the error. */
export function checkSettings(value: unknown, origin: string): Settings {
  checkMembers(value, SETTINGS, origin, '');
  const { backend, db_limits } = value as Settings;
  const mistake = db_limits && limitsMistake(db_limits);
  if (mistake !== undefined)
    throw new CompatError('VC-CONFIG', `Cannot use ${origin}: key "db_limits": ${mistake}`, { origin });
  if (backend !== undefined) {
    checkMembers(backend, BACKEND_KEYS, origin, 'backend.');
    declared(backend, origin); // while it is known where it stands
  }
  return value as Settings;
}

function checkMembers(value: unknown, known: Readonly<Record<string, Reader>>, origin: string, prefix: string): void {
  const wrong = (what: string) => new CompatError('VC-CONFIG', `Cannot use ${origin}: ${what}`, { origin });
  if (!isObject(value)) throw wrong(`saw ${kindOf(value)}; wanted an object`);
  for (const [key, member] of Object.entries(value)) {
    const reader = Object.hasOwn(known, key) ? known[key] : undefined;
    if (!reader) throw wrong(`key "${prefix}${key}" is not known; known are ${Object.keys(known).join(', ')}`);
    const wanted = reader(member);
    if (wanted !== undefined) throw wrong(`key "${prefix}${key}": saw ${shown(member)}; wanted ${wanted}`);
  }
}

/** Settings of the file, overridden by those of the command line, filled up with defaults. */
export function resolveConfig(file: Settings, flags: Settings, env: NodeJS.ProcessEnv = process.env): Config {
  const all: Settings = { ...file, ...flags };
  const runDir = resolve(all.run_dir ?? DEFAULT_RUN_DIR);
  const stateDir = resolve(all.state_dir ?? '/var/lib/vhost-compat');
  const dbRemotes = all.db_remotes ?? [`punix:${join(runDir, 'db.sock')}`];
  const embedded = [all.database, all.db_remotes, all.db_remotes_ro, all.db_socket_mode, all.db_limits];
  if (all.db !== undefined && embedded.some((one) => one !== undefined)) {
    throw new CompatError(
      'VC-CONFIG',
      'Cannot use the configuration: "db" (an OVSDB server elsewhere) excludes "database", "db_remotes", "db_remotes_ro", "db_socket_mode" and "db_limits" (the embedded one)',
    );
  }
  if (all.db === undefined && !dbRemotes.some((remote) => remote.startsWith('punix:'))) {
    throw new CompatError(
      'VC-CONFIG',
      `Cannot use the configuration: "db_remotes" is ${dbRemotes.join(', ')}; wanted one punix: remote at least, which the agent itself uses`,
    );
  }
  const tls = tlsOf(all);
  checkRemotes(all.db, [...dbRemotes, ...(all.db_remotes_ro ?? [])], tls);
  return {
    systemId: all.system_id,
    hostname: all.hostname ?? hostname(),
    runDir,
    stateDir,
    database: resolve(all.database ?? join(stateDir, 'conf.db')),
    dbRemotes,
    dbRemotesRo: all.db_remotes_ro ?? [],
    dbSocketMode: Number.parseInt(all.db_socket_mode ?? '0660', 8),
    dbInactivityProbeMs: all.db_inactivity_probe ?? 5000,
    dbLimits: all.db_limits ?? {},
    tls,
    db: all.db,
    api: resolve(all.api ?? join(runDir, 'api.sock')),
    tables: all.tables?.map((dir) => resolve(dir)) ?? defaultTableDirectories(env),
    tablesNamed: all.tables !== undefined,
    socketGroup: all.socket_group,
    backend: all.backend && declared(all.backend, 'the configuration'),
    logLevel: all.log_level !== undefined && isLogLevel(all.log_level) ? all.log_level : 'info',
    eventLimit: all.event_limit ?? 1000,
  };
}

function tlsOf({ private_key, certificate, ca_cert }: Settings): TlsFiles | undefined {
  if (private_key !== undefined && certificate !== undefined && ca_cert !== undefined)
    return { privateKey: resolve(private_key), certificate: resolve(certificate), caCert: resolve(ca_cert) };
  const missing = Object.entries({ private_key, certificate, ca_cert }).filter(([, value]) => value === undefined);
  if (missing.length === 3) return undefined;
  const names = missing.map(([name]) => `"${name}"`).join(' and no ');
  throw new CompatError(
    'VC-CONFIG',
    `Cannot use the configuration: saw no ${names}; wanted all three files of TLS or none`,
  );
}

/** What can be known of remotes before they are used: their form, and the files that TLS needs. */
function checkRemotes(db: string | undefined, passive: readonly string[], tls: TlsFiles | undefined): void {
  try {
    const remotes: Remote[] = db === undefined ? passive.map(parsePassiveRemote) : parseActiveRemotes(db);
    if (!remotes.some(isSecure)) return;
    if (tls === undefined) {
      const kinds = 'an ssl: or pssl: remote needs "private_key", "certificate" and "ca_cert"';
      throw new CompatError('VC-CONFIG', `Cannot use the configuration: ${kinds}`);
    }
    readTlsFiles(tls);
  } catch (cause) {
    if (!(cause instanceof RemoteError || cause instanceof TlsFilesError)) throw cause;
    throw new CompatError('VC-CONFIG', cause.message, {}, { cause });
  }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? kindOf(value);
}
