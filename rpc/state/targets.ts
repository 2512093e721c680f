import { readFile } from 'node:fs/promises';
import { CompatError } from '../../compat-tables/errors.ts';
import type { TlsFiles } from '../ovsdb/wire/tls-files.ts';
import { type HostDocument, parseDocuments } from './documents.ts';
import { State } from './state.ts';

/** What a user may compare: hosts by their databases, hosts of a fleet's database by name, saved documents. */

export interface TargetOptions {
  /** The remote of the database that `host:NAME` is looked up in. */
  readonly db?: string | undefined;
  /** For targets, and a database, of kind `ssl:`. */
  readonly tls?: TlsFiles | undefined;
  /** For each target, milliseconds; default 5000. */
  readonly timeoutMs?: number | undefined;
  /** False: files are refused (a server must not read files for its clients). */
  readonly files?: boolean | undefined;
}

const DEFAULT_TIMEOUT_MS = 5000;

/**
 * Resolves `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`, `host:NAME` and `FILE.json` into documents, in the order of the targets, all at
 * once. Throws the error of the first target that failed; its details name the others.
 */
export async function resolveTargets(targets: readonly string[], options: TargetOptions = {}): Promise<HostDocument[]> {
  const fleet = new Fleet(options);
  try {
    const settled = await Promise.allSettled(targets.map((target) => resolve(target, options, fleet)));
    const failed = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failed.length > 0) throw joined(failed);
    return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  } finally {
    fleet.close();
  }
}

async function resolve(target: string, options: TargetOptions, fleet: Fleet): Promise<HostDocument[]> {
  if (/^(unix|tcp|ssl):/.test(target)) return [await fromDatabase(target, options)];
  if (target.startsWith('host:')) {
    const state = await fleet.state(target);
    return [state.describe(state.host(target.slice('host:'.length)))];
  }
  if (options.files === false) {
    const text = `Cannot use target "${target}": wanted unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT or host:NAME (files are not read here)`;
    throw new CompatError('VC-API-PARAMS', text, { target });
  }
  return fromFile(target);
}

/** A host's own database. */
async function fromDatabase(remote: string, options: TargetOptions): Promise<HostDocument> {
  const { tls, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const state = await State.connect(remote, { tls, timeoutMs, life: true });
  try {
    return state.describe();
  } catch (error) {
    if (error instanceof CompatError)
      throw new CompatError(error.code, `${error.message} (database ${remote})`, error.details);
    throw error;
  } finally {
    state.close();
  }
}

async function fromFile(path: string): Promise<HostDocument[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const wanted = 'wanted unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT, host:NAME or a file made by describe';
    throw new CompatError(
      'VC-DOCUMENT',
      `Cannot read target "${path}": ${reason}; ${wanted}`,
      { target: path },
      { cause },
    );
  }
  const documents = parseDocuments(text, path);
  if (documents.length === 0) throw new CompatError('VC-DOCUMENT', `Cannot read ${path}: it holds no document`);
  return documents;
}

/** The database of `host:` targets, connected once for all of them. */
class Fleet {
  readonly #options: TargetOptions;
  #state: Promise<State> | undefined;

  constructor(options: TargetOptions) {
    this.#options = options;
  }

  state(target: string): Promise<State> {
    const { db, tls, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    if (db === undefined) {
      const text = `Cannot look up "${target}": no database is given that holds the hosts (--db)`;
      throw new CompatError('VC-DB-CONNECT', text, { target });
    }
    this.#state ??= State.connect(db, { tls, timeoutMs, life: true });
    return this.#state;
  }

  close(): void {
    this.#state?.then(
      (state) => state.close(),
      () => undefined,
    );
  }
}

function joined(failed: readonly unknown[]): unknown {
  const [first, ...others] = failed;
  if (!(first instanceof CompatError) || others.length === 0) return first;
  const texts = others.map((error) => (error instanceof Error ? error.message : String(error)));
  return new CompatError(
    first.code,
    [first.message, ...texts].join('; '),
    { ...first.details, others: texts },
    { cause: first },
  );
}
