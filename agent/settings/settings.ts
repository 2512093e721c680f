import { hostname } from 'node:os';
import { LOG_LEVELS } from '../../base/log.ts';
import { MAX_TIMER_MS } from '../../base/timers.ts';
import { DEFAULT_SERVER_LIMITS, limitsMistake, type ServerLimits } from '../../rpc/ovsdb/server/server-limits.ts';
import { declaredBackend } from './declared-backend.ts';
import {
  type ConfiguredSocketDirectory,
  group,
  type Kind,
  listOf,
  object,
  octalMode,
  oneOf,
  path,
  socketDirectory,
  text,
  user,
  ValueError,
  wholeNumber,
} from './kinds.ts';

/**
 * Every setting of the agent, once. Its flag, its variable in the environment, the property of `Config`, `--help` and the
 * table in docs/configuration.md all come from its row here, which stands under its key in the configuration file.
 */

interface Row {
  /** The flag where it is not the key with dashes: `--run-dir` for `run_dir`. */
  readonly flag?: string;
  /** The flag of one letter. */
  readonly short?: string;
  /** RUN_DIR and STATE_DIR in it stand for the values of `run_dir` and `state_dir`. */
  readonly default?: unknown;
  /** The default in words, in Markdown; absent: the default itself, or none. */
  readonly defaultText?: string;
  /** One line for `--help`, in Markdown. */
  readonly help: string;
  /** A sentence or more for docs/configuration.md, in Markdown; absent: `help` as a sentence. */
  readonly doc?: string;
  /** Whether it is one of the embedded database, so that it excludes `db`. */
  readonly embedded?: true;
}

export type Setting<T = unknown> = Row & { readonly kind: Kind<T & {}> };

/** A setting with a default is always there in `Config`; one without may be undefined. */
function setting<T>(kind: Kind<T>, row: Row & { readonly default: NoInfer<T> }): Setting<T>;
function setting<T>(kind: Kind<T>, row: Row): Setting<T | undefined>;
function setting<T>(kind: Kind<T & {}>, row: Row): Setting<T> {
  return { kind, ...row };
}

const limits = object((value): Partial<ServerLimits> => {
  const mistake = limitsMistake(value);
  if (mistake !== undefined) throw new ValueError(`: ${mistake}`);
  return value;
});

/** Where switches and libvirt have their sockets, and where README puts ours. None in which everybody may make files. */
const DEFAULT_SOCKET_DIRS: readonly ConfiguredSocketDirectory[] = [
  '/run/vhost-user',
  '/run/openvswitch',
  '/usr/local/var/run/openvswitch',
  '/run/vpp',
  '/run/libvirt',
  '/var/lib/libvirt/qemu',
  '/var/lib/vhost_sockets',
].map((path) => ({ path }));

/** In the order of the documentation. */
export const SETTINGS = {
  system_id: setting(text('id'), {
    defaultText: 'made once, stored in `STATE_DIR/system-id`',
    help: 'identity of this host in the database',
    doc: 'Identity of this host in the database: 1 to 128 of the characters `A-Z a-z 0-9 _ . : -`.',
  }),
  hostname: setting(text('name'), {
    default: hostname(),
    defaultText: "the system's host name",
    help: 'name of this host in output and events; it need not be unique',
  }),
  run_dir: setting(path('dir'), {
    default: '/run/vhost-compat',
    help: 'directory of the sockets of database and API; the agent creates it',
  }),
  relay_dir: setting(path('dir'), {
    default: 'RUN_DIR-relay',
    help: 'directory of the relay process: journals, last orders; it creates it',
    doc: 'Directory of the relay process: its journals and last orders, the sockets of its keeper and for its orders. It creates it, on tmpfs, and nobody else may write there.',
  }),
  state_dir: setting(path('dir'), {
    default: '/var/lib/vhost-compat',
    help: 'directory of the database, the system id and what the agent remembers; the agent creates it',
  }),
  database: setting(path('file'), {
    default: 'STATE_DIR/conf.db',
    embedded: true,
    help: 'file of the embedded database',
  }),
  db_remotes: setting(listOf(text('remote')), {
    flag: '--db-remote',
    default: ['punix:RUN_DIR/db.sock'],
    embedded: true,
    help: 'where the embedded database listens; may be repeated',
    doc: 'Where the embedded database listens: `punix:PATH`, `ptcp:[PORT][:IP]` (without an IP: 127.0.0.1) or `pssl:[PORT][:IP]` (without an IP: all IPv4 addresses). At least one `punix:` is needed, which the agent itself uses.',
  }),
  db_remotes_ro: setting(listOf(text('remote')), {
    flag: '--db-remote-ro',
    default: [],
    defaultText: 'none',
    embedded: true,
    help: 'where it listens for read-only clients; may be repeated',
    doc: 'The same for read-only clients.',
  }),
  db_socket_mode: setting(octalMode, {
    default: 0o660,
    defaultText: '`0660`',
    embedded: true,
    help: 'permissions of its unix sockets, octal',
    doc: "Permissions of the database's unix sockets, a string of octal digits.",
  }),
  db_socket_group: setting(group, {
    defaultText: 'the group of the manager process',
    help: 'group that owns its unix sockets and RUN_DIR, by name or number',
    doc: 'Group that owns the unix sockets of the database and `run_dir`: those who may administer this host. A name of `/etc/group`, or a number.',
  }),
  db_inactivity_probe: setting(wholeNumber('ms', MAX_TIMER_MS), {
    default: 5000,
    help: 'probe an idle TCP or TLS connection after this many milliseconds; 0: never',
    doc: `Milliseconds after which an idle TCP or TLS connection of the database is probed; without an answer it is closed after as many again. At most ${MAX_TIMER_MS}; 0: never.`,
  }),
  db_limits: setting(limits, {
    default: {},
    defaultText: 'those of [`serve-db --limit`](cli.md#serve-db)',
    embedded: true,
    help: `an object: ${Object.keys(DEFAULT_SERVER_LIMITS).join(', ')}`,
    doc: 'What a client of the embedded database may use, such as `{"connections": 100}`; the names are those of [`serve-db --limit`](cli.md#serve-db).',
  }),
  private_key: setting(path('file'), {
    short: '-p',
    help: 'private key of this host, for pssl: and ssl: remotes',
    doc: 'Private key of this host (PEM), for `pssl:` in `db_remotes` and `ssl:` in `db`. The three TLS files are given together.',
  }),
  certificate: setting(path('file'), { short: '-c', help: 'certificate of that key (PEM)' }),
  ca_cert: setting(path('file'), { short: '-C', help: 'certificate authority that peers must be certified by (PEM)' }),
  db: setting(text('remote'), {
    defaultText: 'the embedded database',
    help: 'use the Vhost_Compat database of this OVSDB server',
    doc: 'OVSDB server that holds the `Vhost_Compat` database instead of the embedded one: `unix:PATH`, `tcp:HOST:PORT` or `ssl:HOST:PORT`; several, separated by commas, are the members of a cluster.',
  }),
  api: setting(path('path'), {
    default: 'RUN_DIR/api.sock',
    help: 'unix socket of the management API',
    doc: 'Unix socket of the [management API](api.md).',
  }),
  api_socket_mode: setting(octalMode, {
    default: 0o660,
    defaultText: '`0660`',
    help: 'permissions of the socket of the API, octal',
  }),
  api_socket_group: setting(group, {
    defaultText: 'the group of the manager process',
    help: 'group that owns the socket of the API, by name or number',
  }),
  tables: setting(listOf(path('dir')), {
    defaultText:
      'the shipped tables, then `/usr/share/vhost-compat/tables`, `/etc/vhost-compat/tables` and `$XDG_CONFIG_HOME/vhost-compat/tables`',
    help: 'directory of compat tables; may be repeated, later ones win',
    doc: 'Directories of [compat tables](compat-tables.md); a file in a later one replaces the file of the same name. A directory that is given here and absent is reported in the log and as an event.',
  }),
  socket_group: setting(group, {
    defaultText: 'the group of the relay process',
    help: 'group that owns the sockets of interfaces, by name or number',
    doc: 'Group that owns the sockets of interfaces, by name (of `/etc/group`) or number, so that the users of QEMU and OVS can reach them. It opens neither database nor API.',
  }),
  user: setting(user, {
    defaultText: 'that of the agent',
    help: 'user of the manager process, when the agent starts as root; a relay process alone takes orders from it',
    doc: 'User of the manager process when the agent is started as root: it has no rights then but those of that user. `run_dir` and `state_dir` have to belong to it; they do when the agent makes them. A name of `/etc/passwd`, or a number. The relay process takes orders from this user, also when it runs alone; it needs `CAP_CHOWN` for that unless it has the same user.',
  }),
  socket_dirs: setting(listOf(socketDirectory), {
    flag: '--socket-dir',
    default: [...DEFAULT_SOCKET_DIRS, { path: 'RUN_DIR', onlyIfShared: true }],
    defaultText: `${DEFAULT_SOCKET_DIRS.map(({ path }) => `\`${path}\``).join(', ')}; and \`RUN_DIR\` where an earlier release shared it with guests (mode 1770)`,
    help: 'directory in which sockets of ports may be, with the group of those that are made there; may be repeated',
    doc: 'Directories of the sockets of ports, `DIR` or `DIR=GROUP`: sockets of front-ends and back-ends are made and connected to only at or below one of these. GROUP (name or number) owns the sockets that are made there, else `socket_group` does. See [security.md](security.md).',
  }),
  backend: setting(declaredBackend, {
    defaultText: 'none: nothing is usable until a back-end was measured',
    help: 'an object: what the back-end can do until one was measured',
    doc: 'What the back-end can do until one was measured: `{"like": "ovs-3.1"}` (a release that `mock-backend --like` knows), or `{"virtio_features": "0x…", "protocol_features": "0x…", "limits": {"queue_pairs": 8}}`.',
  }),
  log_level: setting(oneOf('level', LOG_LEVELS), {
    default: 'info',
    help: 'lowest level that is logged: `debug`, `info`, `warn` or `error`',
  }),
  event_limit: setting(wholeNumber('n'), {
    default: 1000,
    help: 'number of events that the database stores for this host; the oldest are deleted first',
  }),
} as const;

type Property<K extends string> = K extends `${infer A}_${infer B}` ? `${A}${Capitalize<Property<B>>}` : K;
type Table = typeof SETTINGS;

/** The value of each setting, `runDir` for `run_dir`. Paths are absolute. */
export type SettingValues = {
  readonly [K in keyof Table as Property<K>]: Table[K] extends Setting<infer T> ? T : never;
};

/** The settings with their keys. */
export const ROWS: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);

/** The property of a setting in `Config`. */
export function configProperty(key: string): string {
  return key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The long flag of a setting; undefined when it has none. */
export function flagOf(key: string, { flag, kind }: Setting): string | undefined {
  return kind.placeholder === undefined ? undefined : (flag ?? `--${key.replaceAll('_', '-')}`);
}

/** The variable of a setting in the environment. */
export function variableOf(key: string): string {
  return `VHOST_COMPATD_${key.toUpperCase()}`;
}

/** The default of a setting in words, in Markdown; undefined when it has none. */
export function defaultTextOf({ defaultText, default: value }: Setting): string | undefined {
  return defaultText ?? (value === undefined ? undefined : `\`${String(value)}\``);
}

/** The table of settings in docs/configuration.md. @internal for the test that writes the page */
export function settingsTable(): string {
  const rows = ROWS.map(([key, row]) => {
    const flags = [row.short, flagOf(key, row)].flatMap((flag) => flag ?? []).map((flag) => `\`${flag}\``);
    const doc = row.doc ?? `${row.help.charAt(0).toUpperCase()}${row.help.slice(1)}.`;
    return `| \`${key}\` | ${flags.join(', ') || '–'} | ${defaultTextOf(row) ?? 'none'} | ${doc} |`;
  });
  return ['| setting | flag | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}
