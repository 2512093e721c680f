import { readFileSync } from 'node:fs';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import {
  isSecure,
  parseActiveRemotes,
  parsePassiveRemote,
  type Remote,
  RemoteError,
} from '../../rpc/ovsdb/wire/remotes.ts';
import { readTlsFiles, type TlsFiles, TlsFilesError } from '../../rpc/ovsdb/wire/tls-files.ts';
import { type Arguments, CONFIG_FLAG, CONFIG_VARIABLE } from './arguments.ts';
import { isObject, ValueError } from './kinds.ts';
import {
  flagOf,
  ROWS,
  type Setting,
  type SettingValues,
  settingOf,
  variableOf,
  type WrittenSettings,
} from './settings.ts';

/** All that the agent needs to know before it starts: the value of each setting, and what follows from several. */
export interface Config extends SettingValues {
  /** `private_key`, `certificate` and `ca_cert` together, for `pssl:` and `ssl:` remotes. */
  readonly tls: TlsFiles | undefined;
}

/** Where settings come from: named in errors, with the settings as they are called there. */
interface Source {
  readonly origin: string;
  nameOf(row: Setting<unknown>, member: string): string;
}

const fileSource = (origin: string): Source => ({ origin, nameOf: ({ key }, member) => `key "${key}${member}"` });
const COMMAND_LINE: Source = { origin: 'the command line', nameOf: (row) => flagOf(row) ?? row.key };
const ENVIRONMENT: Source = { origin: 'the environment', nameOf: (row, member) => `${variableOf(row)}${member}` };

function refusal(origin: string, text: string, cause?: unknown): CompatError {
  return new CompatError(
    'VC-CONFIG',
    `Cannot use ${origin}: ${text}`,
    { origin },
    cause === undefined ? {} : { cause },
  );
}

/** The configuration that command line, environment and configuration file give, in this order of precedence. */
export function readConfig({ given }: Arguments, env: NodeJS.ProcessEnv = process.env): Config {
  const file = given.get(CONFIG_FLAG)?.at(-1) ?? (env[CONFIG_VARIABLE] || undefined);
  return resolveConfig(file === undefined ? {} : readConfigFile(file), {
    ...settingsOfEnvironment(env),
    ...settingsOfFlags(given),
  });
}

/** Reads a configuration file: one JSON object. Throws VC-CONFIG with the file, the key, what was seen and wanted. */
export function readConfigFile(path: string): WrittenSettings {
  const unreadable = (cause: unknown, what = '') =>
    new CompatError(
      'VC-CONFIG',
      `Cannot read configuration ${path}: ${what}${(cause as Error).message}`,
      { path },
      { cause },
    );
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(error);
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw unreadable(error, 'not JSON: ');
  }
  return checkSettings(value, path);
}

/** Checks what stands in a configuration file; `origin` is named in the error. An unknown key is a mistake. */
export function checkSettings(value: unknown, origin: string): WrittenSettings {
  if (!isObject(value)) throw refusal(origin, `saw ${kindOf(value)}; wanted an object`);
  const source = fileSource(origin);
  for (const [key, member] of Object.entries(value)) {
    const row = settingOf(key);
    if (!row) {
      const known = ROWS.map(([, one]) => one.key).join(', ');
      throw refusal(origin, `key "${key}" is not known; known are ${known}`);
    }
    readValue(row, member, source);
  }
  return value;
}

function settingsOfFlags(given: Arguments['given']): WrittenSettings {
  return written(COMMAND_LINE, (row) => given.get(flagOf(row) ?? ''));
}

function settingsOfEnvironment(env: NodeJS.ProcessEnv): WrittenSettings {
  return written(ENVIRONMENT, (row) => {
    const text = env[variableOf(row)];
    return text === undefined || text === '' ? undefined : [text];
  });
}

/** The settings of a source of texts, checked, in the form that a configuration file has. */
function written(source: Source, textsOf: (row: Setting<unknown>) => readonly string[] | undefined): WrittenSettings {
  const settings: Record<string, unknown> = {};
  for (const [, row] of ROWS) {
    const texts = textsOf(row);
    if (texts === undefined) continue;
    const values = texts.map((text) => row.kind.fromText(text));
    settings[row.key] = row.kind.isList === true ? values.flat() : values.at(-1);
    readValue(row, settings[row.key], source);
  }
  return settings;
}

function readValue(row: Setting<unknown>, value: unknown, source: Source): unknown {
  try {
    return row.kind.read(value);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw refusal(source.origin, `${source.nameOf(row, error.member)}${error.message}`, error);
  }
}

const CONFIGURATION = 'the configuration';

/** Fills up with defaults: settings of the file, overridden by the others. */
export function resolveConfig(file: WrittenSettings, over: WrittenSettings = {}): Config {
  const all = { ...file, ...over };
  const values: Record<string, unknown> = {};
  for (const [property, row] of ROWS) {
    const value = all[row.key];
    const unset = typeof row.default === 'function' ? row.default(values) : row.default;
    values[property] = value === undefined ? unset : readValue(row, value, fileSource(CONFIGURATION));
  }
  const config = values as unknown as SettingValues;
  checkDatabase(config, all);
  const tls = tlsOf(config);
  checkRemotes(config, tls);
  return { ...config, tls };
}

/** The embedded database, or one elsewhere. */
function checkDatabase({ db, dbRemotes }: SettingValues, given: WrittenSettings): void {
  const embedded = ROWS.flatMap(([, { key, embedded: only }]) => (only ? [key] : []));
  if (db !== undefined && embedded.some((key) => given[key] !== undefined)) {
    const names = embedded.map((key) => `"${key}"`);
    const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
    throw refusal(CONFIGURATION, `"db" (an OVSDB server elsewhere) excludes ${list} (the embedded one)`);
  }
  if (db === undefined && !dbRemotes.some((remote) => remote.startsWith('punix:'))) {
    const seen = `"db_remotes" is ${dbRemotes.join(', ')}`;
    throw refusal(CONFIGURATION, `${seen}; wanted at least one punix: remote, which the agent itself uses`);
  }
}

function tlsOf({ privateKey, certificate, caCert }: SettingValues): TlsFiles | undefined {
  if (privateKey !== undefined && certificate !== undefined && caCert !== undefined)
    return { privateKey, certificate, caCert };
  const missing = Object.entries({ private_key: privateKey, certificate, ca_cert: caCert }).filter(
    ([, value]) => value === undefined,
  );
  if (missing.length === 3) return undefined;
  const names = missing.map(([name]) => `"${name}"`).join(' and no ');
  throw refusal(CONFIGURATION, `saw no ${names}; wanted "private_key", "certificate" and "ca_cert" together`);
}

/** Checks what can be known of remotes before they are used: their form, and the files that TLS needs. */
function checkRemotes({ db, dbRemotes, dbRemotesRo }: SettingValues, tls: TlsFiles | undefined): void {
  try {
    const remotes: Remote[] =
      db === undefined ? [...dbRemotes, ...dbRemotesRo].map(parsePassiveRemote) : parseActiveRemotes(db);
    if (!remotes.some(isSecure)) return;
    if (tls === undefined)
      throw refusal(CONFIGURATION, 'an ssl: or pssl: remote needs "private_key", "certificate" and "ca_cert"');
    readTlsFiles(tls);
  } catch (cause) {
    if (!(cause instanceof RemoteError || cause instanceof TlsFilesError)) throw cause;
    throw new CompatError('VC-CONFIG', cause.message, {}, { cause });
  }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
