import { readFileSync } from 'node:fs';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { isSecure, parseActiveRemotes, parsePassiveRemote, RemoteError } from '../../rpc/ovsdb/wire/remotes.ts';
import { readTlsFiles, type TlsFiles, TlsFilesError } from '../../rpc/ovsdb/wire/tls-files.ts';
import { type Arguments, CONFIG_FLAG, CONFIG_VARIABLE } from './arguments.ts';
import { isObject, ValueError } from './kinds.ts';
import { configProperty, flagOf, ROWS, type Setting, type SettingValues, variableOf } from './settings.ts';

/** All that the agent needs to know before it starts: the value of each setting, and what follows from several. */
export interface Config extends SettingValues {
  /** `private_key`, `certificate` and `ca_cert` together, for `pssl:` and `ssl:` remotes. */
  readonly tls: TlsFiles | undefined;
}

/** Settings as a configuration file has them: by key, each may be left out. */
export type WrittenSettings = Readonly<Record<string, unknown>>;

/** Where settings come from: named in errors, with the settings as they are called there. */
interface Source {
  readonly origin: string;
  nameOf(key: string, row: Setting, member: string): string;
}

const fileSource = (origin: string): Source => ({ origin, nameOf: (key, _, member) => `key "${key}${member}"` });
const COMMAND_LINE: Source = { origin: 'the command line', nameOf: (key, row) => flagOf(key, row) ?? key };
const ENVIRONMENT: Source = { origin: 'the environment', nameOf: (key, _, member) => `${variableOf(key)}${member}` };

function refusal(origin: string, text: string, cause?: unknown): CompatError {
  return new CompatError('VC-CONFIG', `Cannot use ${origin}: ${text}`, { origin }, { cause });
}

/** The configuration that command line, environment and configuration file give, in this order of precedence. */
export function readConfig({ given }: Arguments, env: NodeJS.ProcessEnv = process.env): Config {
  const file = given.get(CONFIG_FLAG)?.at(-1) ?? (env[CONFIG_VARIABLE] || undefined);
  const inFile = file === undefined ? {} : readConfigFile(file);
  const inEnvironment = fromTexts(ENVIRONMENT, (key) => {
    const text = env[variableOf(key)];
    return text === undefined || text === '' ? undefined : [text];
  });
  const onCommandLine = fromTexts(COMMAND_LINE, (key, row) => given.get(flagOf(key, row) ?? ''));
  return resolveConfig(inFile, { ...inEnvironment, ...onCommandLine });
}

/** Reads a configuration file: one JSON object. Throws VC-CONFIG with the file, the key, what was seen and wanted. */
export function readConfigFile(path: string): WrittenSettings {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const text = `${cause instanceof SyntaxError ? 'not JSON: ' : ''}${(cause as Error).message}`;
    throw new CompatError('VC-CONFIG', `Cannot read configuration ${path}: ${text}`, { path }, { cause });
  }
  return checkSettings(value, path);
}

/** Checks what stands in a configuration file; `origin` is named in the error. An unknown key is a mistake. */
export function checkSettings(value: unknown, origin: string): WrittenSettings {
  if (!isObject(value)) throw refusal(origin, `saw ${kindOf(value)}; wanted an object`);
  const source = fileSource(origin);
  const rows = new Map(ROWS);
  for (const [key, member] of Object.entries(value)) {
    const row = rows.get(key);
    if (!row) throw refusal(origin, `key "${key}" is not known; known are ${[...rows.keys()].join(', ')}`);
    readValue(key, row, member, source);
  }
  return value;
}

/** The settings of a source of texts, checked, in the form that a configuration file has. */
function fromTexts(
  source: Source,
  textsOf: (key: string, row: Setting) => readonly string[] | undefined,
): WrittenSettings {
  const settings: Record<string, unknown> = {};
  for (const [key, row] of ROWS) {
    const values = textsOf(key, row)?.map((text) => row.kind.fromText(text));
    if (values === undefined) continue;
    settings[key] = row.kind.isList === true ? values.flat() : values.at(-1);
    readValue(key, row, settings[key], source);
  }
  return settings;
}

function readValue(key: string, row: Setting, value: unknown, source: Source): unknown {
  try {
    return row.kind.read(value);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw refusal(source.origin, `${source.nameOf(key, row, error.member)}${error.message}`, error);
  }
}

const CONFIGURATION = 'the configuration';

/** Fills up with defaults: settings of the file, overridden by the others. */
export function resolveConfig(file: WrittenSettings, over: WrittenSettings = {}): Config {
  const written = { ...file, ...over };
  const values: Record<string, unknown> = {};
  for (const [key, row] of ROWS) {
    const value = written[key];
    values[configProperty(key)] =
      value === undefined ? filled(row.default, values) : readValue(key, row, value, fileSource(CONFIGURATION));
  }
  const config = values as unknown as SettingValues;
  checkDatabase(config, written);
  const tls = tlsOf(config);
  checkRemotes(config, tls);
  return { ...config, tls };
}

/** A default with the directories in the place of RUN_DIR and STATE_DIR. */
function filled(value: unknown, directories: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, directories));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, directories)]));
  if (typeof value !== 'string') return value;
  const { runDir, stateDir } = directories;
  return value.replace(/\bRUN_DIR(?=[/-]|$)/, `${runDir}`).replace(/\bSTATE_DIR(?=\/)/, `${stateDir}`);
}

/** The embedded database, or one elsewhere. */
function checkDatabase({ db, dbRemotes }: SettingValues, written: WrittenSettings): void {
  const embedded = ROWS.flatMap(([key, row]) => (row.embedded ? [key] : []));
  if (db !== undefined && embedded.some((key) => written[key] !== undefined)) {
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
  const files = Object.entries({ private_key: privateKey, certificate, ca_cert: caCert });
  const missing = files.flatMap(([key, file]) => (file === undefined ? [`"${key}"`] : []));
  if (missing.length === files.length) return undefined;
  const seen = `saw no ${missing.join(' and no ')}`;
  throw refusal(CONFIGURATION, `${seen}; wanted "private_key", "certificate" and "ca_cert" together`);
}

/** Checks what can be known of remotes before they are used: their form, and the files that TLS needs. */
function checkRemotes({ db, dbRemotes, dbRemotesRo }: SettingValues, tls: TlsFiles | undefined): void {
  try {
    const remotes = db === undefined ? [...dbRemotes, ...dbRemotesRo].map(parsePassiveRemote) : parseActiveRemotes(db);
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
