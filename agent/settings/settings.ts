import { hostname } from 'node:os';
import { join } from 'node:path';
import { LOG_LEVELS } from '../../base/log.ts';
import { MAX_TIMER_MS } from '../../base/timers.ts';
import { DEFAULT_SERVER_LIMITS, limitsMistake, type ServerLimits } from '../../rpc/ovsdb/server/server-limits.ts';
import { declaredBackend } from './declared-backend.ts';
import { group, type Kind, listOf, numbers, octalMode, oneOf, path, text, wholeNumber } from './kinds.ts';

/**
 * Every setting of the agent, once. Its key in the configuration file, its flag, its variable in the environment, the
 * property of `Config`, `--help` and the table in docs/configuration.md all come from its row here.
 */

/** The settings in which defaults of others stand. */
interface Directories {
  readonly runDir: string;
  readonly stateDir: string;
}

export interface Setting<T> {
  /** The key in the configuration file. */
  readonly key: string;
  /** The flag where it is not the key with dashes: `--run-dir` for `run_dir`. */
  readonly flag?: string;
  /** The flag of one letter. */
  readonly short?: string;
  readonly kind: Kind<T & {}>;
  readonly default?: T | ((directories: Directories) => T);
  /** The default in words, for help and documentation; absent: the default itself, or none. */
  readonly defaultText?: string;
  /** One line for `--help`. */
  readonly help: string;
  /** A sentence or more for docs/configuration.md, in Markdown. */
  readonly doc: string;
  /** Whether it is one of the embedded database, so that it excludes `db`. */
  readonly embedded?: true;
}

type Row<T> = Omit<Setting<T>, 'default'>;

/** A row with a default is always there in `Config`; one without may be undefined. */
function setting<T>(
  row: Row<T> & { readonly default: NoInfer<T> | ((directories: Directories) => NoInfer<T>) },
): Setting<T>;
function setting<T>(row: Row<T>): Setting<T | undefined>;
function setting<T>(row: Row<T>): Setting<T | undefined> {
  return row;
}

/** In the order of the documentation; `run_dir` and `state_dir` stand before those whose defaults need them. */
export const SETTINGS = {
  systemId: setting({
    key: 'system_id',
    kind: text('id'),
    defaultText: 'made once, stored in `STATE_DIR/system-id`',
    help: 'identity of this host in the database',
    doc: 'Identity of this host in the database: 1 to 128 of the characters `A-Z a-z 0-9 _ . : -`.',
  }),
  hostname: setting({
    key: 'hostname',
    kind: text('name'),
    default: () => hostname(),
    defaultText: "the system's host name",
    help: 'name of this host in output and events',
    doc: 'Name of this host in output and events; it need not be unique.',
  }),
  runDir: setting({
    key: 'run_dir',
    kind: path('dir'),
    default: '/run/vhost-compat',
    help: 'directory of the sockets',
    doc: 'Directory of the sockets; the agent creates it.',
  }),
  stateDir: setting({
    key: 'state_dir',
    kind: path('dir'),
    default: '/var/lib/vhost-compat',
    help: 'directory of the database and the system id',
    doc: 'Directory of the database and the system id; the agent creates it.',
  }),
  database: setting({
    key: 'database',
    kind: path('file'),
    default: ({ stateDir }) => join(stateDir, 'conf.db'),
    defaultText: '`STATE_DIR/conf.db`',
    help: 'file of the embedded database',
    doc: 'File of the embedded database.',
    embedded: true,
  }),
  dbRemotes: setting({
    key: 'db_remotes',
    flag: '--db-remote',
    kind: listOf(text('remote')),
    default: ({ runDir }) => [`punix:${join(runDir, 'db.sock')}`],
    defaultText: '`punix:RUN_DIR/db.sock`',
    help: 'where the embedded database listens; may be repeated',
    doc: 'Where the embedded database listens: `punix:PATH`, `ptcp:[PORT][:IP]` (without an IP: 127.0.0.1) or `pssl:[PORT][:IP]` (without an IP: all IPv4 addresses). At least one `punix:` is needed, which the agent itself uses.',
    embedded: true,
  }),
  dbRemotesRo: setting({
    key: 'db_remotes_ro',
    flag: '--db-remote-ro',
    kind: listOf(text('remote')),
    default: [],
    defaultText: 'none',
    help: 'where it listens for read-only clients; may be repeated',
    doc: 'The same for read-only clients.',
    embedded: true,
  }),
  dbSocketMode: setting({
    key: 'db_socket_mode',
    kind: octalMode('mode'),
    default: 0o660,
    defaultText: '`0660`',
    help: 'permissions of its unix sockets, octal',
    doc: "Permissions of the database's unix sockets, a string of octal digits; their group is `socket_group`.",
    embedded: true,
  }),
  dbInactivityProbe: setting({
    key: 'db_inactivity_probe',
    kind: wholeNumber('ms', MAX_TIMER_MS),
    default: 5000,
    help: 'probe an idle TCP or TLS connection after this many milliseconds; 0: never',
    doc: `Milliseconds after which an idle TCP or TLS connection of the database is probed; without an answer it is closed after as many again. At most ${MAX_TIMER_MS}; 0: never.`,
  }),
  dbLimits: setting({
    key: 'db_limits',
    kind: numbers(limitsMistake) as Kind<Partial<ServerLimits>>,
    default: {},
    defaultText: 'those of [`serve-db --limit`](cli.md#serve-db)',
    help: `an object: ${Object.keys(DEFAULT_SERVER_LIMITS).join(', ')}`,
    doc: 'What a client of the embedded database may use, such as `{"connections": 100}`; the names are those of [`serve-db --limit`](cli.md#serve-db).',
    embedded: true,
  }),
  privateKey: setting({
    key: 'private_key',
    short: '-p',
    kind: path('file'),
    help: 'private key of this host, for pssl: and ssl: remotes',
    doc: 'Private key of this host (PEM), for `pssl:` in `db_remotes` and `ssl:` in `db`. The three TLS files are given together.',
  }),
  certificate: setting({
    key: 'certificate',
    short: '-c',
    kind: path('file'),
    help: 'certificate of that key',
    doc: 'Certificate of that key (PEM).',
  }),
  caCert: setting({
    key: 'ca_cert',
    short: '-C',
    kind: path('file'),
    help: 'certificate authority that peers must be certified by',
    doc: 'Certificate authority that peers must be certified by (PEM).',
  }),
  db: setting({
    key: 'db',
    kind: text('remote'),
    defaultText: 'the embedded database',
    help: 'use the Vhost_Compat database of this OVSDB server',
    doc: 'OVSDB server that holds the `Vhost_Compat` database instead of the embedded one: `unix:PATH`, `tcp:HOST:PORT` or `ssl:HOST:PORT`; several, separated by commas, are the members of a cluster.',
  }),
  api: setting({
    key: 'api',
    kind: path('path'),
    default: ({ runDir }) => join(runDir, 'api.sock'),
    defaultText: '`RUN_DIR/api.sock`',
    help: 'unix socket of the management API',
    doc: 'Unix socket of the [management API](api.md).',
  }),
  tables: setting({
    key: 'tables',
    kind: listOf(path('dir')),
    defaultText:
      'the shipped tables, then `/usr/share/vhost-compat/tables`, `/etc/vhost-compat/tables` and `$XDG_CONFIG_HOME/vhost-compat/tables`',
    help: 'directory of compat tables; may be repeated, later ones win',
    doc: 'Directories of [compat tables](compat-tables.md); a file in a later one replaces the file of the same name. A directory that is given here and absent is reported in the log and as an event.',
  }),
  socketGroup: setting({
    key: 'socket_group',
    kind: group,
    defaultText: 'the group of the process',
    help: 'group that owns the sockets and RUN_DIR, by name or number',
    doc: 'Group that owns the sockets and `run_dir`, by name (of `/etc/group`) or number, so that the users of QEMU and OVS can reach them.',
  }),
  backend: setting({
    key: 'backend',
    kind: declaredBackend,
    defaultText: 'none: nothing is usable until a back-end was measured',
    help: 'an object: what the back-end can do until one was measured',
    doc: 'What the back-end can do until one was measured: `{"like": "ovs-3.1"}` (a release that `mock-backend --like` knows), or `{"virtio_features": "0x…", "protocol_features": "0x…", "limits": {"queue_pairs": 8}}`.',
  }),
  logLevel: setting({
    key: 'log_level',
    kind: oneOf('level', LOG_LEVELS),
    default: 'info',
    help: 'lowest level that is logged: debug, info, warn or error',
    doc: 'Lowest level that is logged: `debug`, `info`, `warn` or `error`.',
  }),
  eventLimit: setting({
    key: 'event_limit',
    kind: wholeNumber('n'),
    default: 1000,
    help: 'number of events that the database stores for this host',
    doc: 'Number of events that the database stores for this host; the oldest are deleted first.',
  }),
} as const;

type Table = typeof SETTINGS;
type Property = keyof Table;

/** The value of each setting, under the name of its property. Paths are absolute. */
export type SettingValues = { readonly [P in Property]: Table[P] extends Setting<infer T> ? T : never };

/** Settings as a configuration file has them: by key, each may be left out. */
export type WrittenSettings = Readonly<Record<string, unknown>>;

export const ROWS: readonly (readonly [string, Setting<unknown>])[] = Object.entries(SETTINGS);

/** The row of a key; undefined: there is none. */
export function settingOf(key: string): Setting<unknown> | undefined {
  return ROWS.find(([, row]) => row.key === key)?.[1];
}

/** The long flag of a setting; undefined when it has none. */
export function flagOf({ key, flag, kind }: Setting<unknown>): string | undefined {
  return kind.placeholder === undefined ? undefined : (flag ?? `--${key.replaceAll('_', '-')}`);
}

/** The variable of a setting in the environment. */
export function variableOf({ key }: Pick<Setting<unknown>, 'key'>): string {
  return `VHOST_COMPATD_${key.toUpperCase()}`;
}

/** The default of a setting in words, in Markdown; undefined when it has none. */
export function defaultOf(row: Setting<unknown>): string | undefined {
  return row.defaultText ?? (row.default === undefined ? undefined : `\`${String(row.default)}\``);
}
