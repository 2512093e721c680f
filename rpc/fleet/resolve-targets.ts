import { readFile } from 'node:fs/promises';
import { ConcurrencyLimit } from '../../base/concurrency-limit.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { TlsFiles } from '../ovsdb/wire/tls-files.ts';
import { State } from '../state/state.ts';
import { describeHost } from './describe-host.ts';
import type { HostDocument } from './host-document.ts';
import { parseDocuments } from './read-documents.ts';

/** Targets that a user may compare: hosts by their databases, hosts of a shared database by name, saved documents. */

export interface TargetOptions {
  /** The remote of the database in which `host:NAME` is looked up. */
  readonly db?: string | undefined;
  /** For targets and a database of kind `ssl:`. */
  readonly tls?: TlsFiles | undefined;
  /** For each target, milliseconds; default 5000. */
  readonly timeoutMs?: number | undefined;
  /** False: files are refused, because a server must not read files for its clients. */
  readonly files?: boolean | undefined;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** How many targets this process connects to at a time: each takes a descriptor, and a caller may name any number. */
const CONNECTIONS = new ConcurrencyLimit(32);

/**
 * Resolves `unix:PATH`, `tcp:HOST:PORT`, `ssl:HOST:PORT`, `host:NAME` and `FILE.json` into documents, in the order of the
 * targets. Each is asked once, however often it is named, and none after one has failed, so that a list of unreachable
 * targets takes as long as the first of them. Throws the error of the first target that failed; its details name the others.
 */
export async function resolveTargets(targets: readonly string[], options: TargetOptions = {}): Promise<HostDocument[]> {
  const distinct = [...new Set(targets)];
  if (options.files === false) for (const target of distinct) refuseFile(target);
  const found = new Map<string, readonly HostDocument[]>();
  const failed = new Map<string, unknown>();
  const ask = (asked: readonly string[], answer: () => Promise<void>): Promise<void> =>
    CONNECTIONS.run(async () => {
      if (failed.size > 0) return;
      try {
        await answer();
      } catch (error) {
        for (const target of asked) failed.set(target, error);
      }
    });
  const fleet = distinct.filter((target) => target.startsWith(HOST));
  const single = distinct.filter((target) => !target.startsWith(HOST));
  await Promise.all([
    ...(fleet.length === 0 ? [] : [ask(fleet, () => askFleet(fleet, options, found, failed))]),
    ...single.map((target) => ask([target], async () => void found.set(target, await askOne(target, options)))),
  ]);
  const errors = new Set(distinct.filter((target) => failed.has(target)).map((target) => failed.get(target)));
  if (errors.size > 0) throw joined([...errors], distinct.length - found.size - failed.size);
  return targets.flatMap((target) => found.get(target) ?? []);
}

const HOST = 'host:';
const REMOTE = /^(unix|tcp|ssl):/;

function refuseFile(target: string): void {
  if (REMOTE.test(target) || target.startsWith(HOST)) return;
  const text = `Cannot use target "${target}": wanted unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT or host:NAME (files are not read here)`;
  throw new CompatError('VC-API-PARAMS', text, { target });
}

async function askOne(target: string, options: TargetOptions): Promise<HostDocument[]> {
  return REMOTE.test(target) ? [await fromDatabase(target, options)] : fromFile(target);
}

/** The document of the host whose database this is. */
async function fromDatabase(remote: string, options: TargetOptions): Promise<HostDocument> {
  const { tls, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const state = await State.connect(remote, { tls, timeoutMs, life: true });
  try {
    return describeHost(state);
  } catch (error) {
    if (error instanceof CompatError)
      throw new CompatError(error.code, `${error.message} (database ${remote})`, error.details);
    throw error;
  } finally {
    state.close();
  }
}

async function fromFile(path: string): Promise<HostDocument[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    const wanted = 'wanted unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT, host:NAME or a file made by describe';
    const said = `Cannot read target "${path}": ${cause.message}; ${wanted}`;
    throw new CompatError('VC-DOCUMENT', said, { target: path }, { cause });
  });
  const documents = parseDocuments(text, path);
  if (documents.length === 0) throw new CompatError('VC-DOCUMENT', `Cannot read ${path}: it holds no document`);
  return documents;
}

/** Looks up all `host:` targets over one connection. */
async function askFleet(
  targets: readonly string[],
  options: TargetOptions,
  found: Map<string, readonly HostDocument[]>,
  failed: Map<string, unknown>,
): Promise<void> {
  const { db, tls, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (db === undefined) {
    const text = `Cannot look up "${targets[0]}": saw no database to look in; wanted --db`;
    throw new CompatError('VC-DB-CONNECT', text, { target: targets[0] });
  }
  const state = await State.connect(db, { tls, timeoutMs, life: true });
  try {
    for (const target of targets) {
      try {
        found.set(target, [describeHost(state, state.host(target.slice(HOST.length)))]);
      } catch (error) {
        failed.set(target, error);
      }
    }
  } finally {
    state.close();
  }
}

/** One error for all. `unasked`: how many targets were left out after the failure. */
function joined(failed: readonly unknown[], unasked: number): unknown {
  const [first, ...others] = failed;
  if (!(first instanceof CompatError) || others.length + unasked === 0) return first;
  const texts = others.map((error) => (error instanceof Error ? error.message : String(error)));
  if (unasked > 0) texts.push(`${unasked} more targets were not asked after that`);
  const details = { ...first.details, others: texts };
  return new CompatError(first.code, [first.message, ...texts].join('; '), details, { cause: first });
}
