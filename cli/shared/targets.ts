import { describeHost } from '../../rpc/fleet/describe-host.ts';
import type { HostDocument } from '../../rpc/fleet/host-document.ts';
import { resolveTargets } from '../../rpc/fleet/resolve-targets.ts';
import { usualType } from '../../rpc/fleet/selection.ts';
import { staleNotes } from '../../rpc/state/heartbeat.ts';
import { State } from '../../rpc/state/state.ts';
import { checkRemote } from './check-remote.ts';
import type { ArgumentSpec, Input } from './command.ts';
import { UsageError } from './command-errors.ts';
import type { Context } from './context.ts';
import { deviceTypeOf } from './host-names.ts';
import { withHost } from './open-host.ts';

/** The hosts that a command compares or writes to. */
export const TARGETS = {
  name: 'TARGET',
  arity: 'some',
  help: 'unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT of an agent, host:NAME of a fleet database (--db), or a file made by describe',
} as const satisfies ArgumentSpec;

const REMOTE = /^p?(unix|tcp|ssl):/;

/** Longer than this, a target that does not answer is not there. */
const TARGET_MS = 5000;

export async function documentsOf(context: Context, targets: readonly string[]): Promise<HostDocument[]> {
  const { db, tls } = context.options;
  checkTargets(context, targets);
  const timeoutMs = limitMs(context);
  const asking = resolveTargets(targets, { db, tls, timeoutMs });
  const documents = await context.progress(`asking ${targets.length} targets`, asking);
  for (const note of staleNotes(documents)) context.note(note);
  return documents;
}

/** What the documents are of, when nobody says. */
export function typeAmong(input: Input, documents: readonly HostDocument[]): string {
  return input.option('device-type') === undefined ? usualType(documents) : deviceTypeOf(input);
}

/** Exactly one host, where one is meant. */
export async function documentOf(context: Context, target: string): Promise<HostDocument> {
  const [document, ...others] = await documentsOf(context, [target]);
  if (document !== undefined && others.length === 0) return document;
  throw new UsageError(`Cannot use ${target}: saw ${others.length + 1} documents in it; wanted one host`);
}

/** The host of --db and --host as a document. */
export async function ownDocument(context: Context): Promise<HostDocument> {
  const { state, host } = await withHost(context);
  return describeHost(state, host);
}

/** A host that can be written to. */
export interface LiveTarget {
  readonly target: string;
  readonly state: State;
  /** Which host of the database; undefined: its only one. */
  readonly host: string | undefined;
}

/** Opens the databases of targets; files are refused, because nobody can write to the host behind one. */
export async function openTargets(context: Context, targets: readonly string[]): Promise<LiveTarget[]> {
  const { db, tls } = context.options;
  const file = targets.find((target) => !REMOTE.test(target) && !target.startsWith('host:'));
  if (file !== undefined)
    throw new UsageError(`Cannot define a version in ${file}: saw a file; wanted a host that is alive`);
  checkTargets(context, targets);
  const timeoutMs = limitMs(context);
  const open = async (target: string): Promise<LiveTarget> => {
    const host = target.startsWith('host:') ? target.slice('host:'.length) : undefined;
    const state = await State.connect(host === undefined ? target : db, { tls, timeoutMs });
    context.atEnd(() => state.close());
    return { target, state, host };
  };
  return context.progress(`connecting to ${targets.length} hosts`, Promise.all(targets.map(open)));
}

function checkTargets(context: Context, targets: readonly string[]): void {
  const { db, tls } = context.options;
  for (const target of targets) if (REMOTE.test(target)) checkRemote(target, tls);
  if (targets.some((target) => target.startsWith('host:'))) checkRemote(db, tls);
}

function limitMs(context: Context): number {
  return Math.min(TARGET_MS, context.remainingMs() ?? TARGET_MS);
}
