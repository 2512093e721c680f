import { setTimeout } from 'node:timers/promises';
import { Backoff } from '../../base/backoff.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Json } from '../json/json-value.ts';
import { OvsdbConnectionError, OvsdbTransactionError } from '../ovsdb/client/client-errors.ts';
import type { HostRow } from './read-rows.ts';
import { guard, mutate, whereUuid } from './row-operations.ts';
import { DATABASE } from './schema-file.ts';
import type { State } from './state.ts';

/** Carries a plan out as one transaction, and tries again when another client changed the same rows first. */

export interface IntentOptions {
  /** System id or host name; default: the one that the State was opened for, else the only one of the database. */
  readonly host?: string | undefined;
  /** Plans and checks, and sends nothing. */
  readonly dryRun?: boolean | undefined;
  /** The comment of the transaction in the log of the database: the command line, as a rule. */
  readonly comment?: string | undefined;
  /** Told of the operations before they are sent, by which the agent knows whose change it sees. */
  readonly sending?: ((operations: readonly Json[]) => void) | undefined;
}

export interface IntentResult {
  /** The system id of the host. */
  readonly host: string;
  /** False: nothing had to change, and nothing was sent. */
  readonly changed: boolean;
  /** The operations that were sent, or would be with `dryRun`. */
  readonly operations: readonly Json[];
  /** The agent has followed when Host.cur_cfg reaches this; undefined with `dryRun`. */
  readonly nextCfg: number | undefined;
  /** Sentences for the user. */
  readonly notes: readonly string[];
}

export interface Plan {
  readonly notes?: readonly string[];
  /** `wait` operations: what must still be so when the transaction runs. */
  readonly guards?: readonly Json[];
  /** Absent: nothing to change. */
  readonly operations?: readonly Json[];
}

/**
 * A guard fails when another client wrote in between; each try plans anew from a newer copy. Of the clients that write at
 * the same time one succeeds with each try, so there are as many tries as there may be such clients.
 */
const TRIES = 40;
/** Pauses between the tries. Each is a random part of these, so that two clients do not collide again and again. */
const PAUSES = { firstMs: 10, longestMs: 100 };

/** The last intent of each copy: the intents of one process do not race with each other. */
const lastOf = new WeakMap<State, Promise<unknown>>();

/** Carries out the intents of this process one after the other. */
export function carryOut(state: State, options: IntentOptions, plan: (host: HostRow) => Plan): Promise<IntentResult> {
  const go = () => tryOut(state, options, plan);
  const mine = (lastOf.get(state) ?? Promise.resolve()).then(go, go);
  lastOf.set(state, mine);
  return mine;
}

async function tryOut(state: State, options: IntentOptions, plan: (host: HostRow) => Plan): Promise<IntentResult> {
  const backoff = new Backoff(PAUSES);
  for (;;) {
    const host = state.host(options.host);
    if (!options.dryRun) checkWritable(host);
    const { notes = [], guards, operations: own } = plan(host);
    const operations = own === undefined ? [] : wrap(host, [...(guards ?? []), ...own], options.comment);
    const planned = { host: host.systemId, changed: own !== undefined, operations, notes };
    if (options.dryRun) return { ...planned, nextCfg: undefined };
    if (own === undefined) return { ...planned, nextCfg: host.nextCfg };
    options.sending?.(operations);
    const results = await send(state, operations, backoff.failures + 1 < TRIES);
    if (results !== undefined) return { ...planned, nextCfg: counted(results) };
    // As a rule the other change has reached our copy before the refusal, because updates go first (a relay may be slower).
    await setTimeout(Math.random() * backoff.next());
  }
}

/** Throws VC-DB-UNREADABLE, VC-DB-UNWRITABLE: the agent says that its database takes no writes. */
function checkWritable({ systemId, problems }: HostRow): void {
  for (const code of ['VC-DB-UNREADABLE', 'VC-DB-UNWRITABLE'] as const) {
    const problem = problems.get(code);
    if (problem !== undefined) throw new CompatError(code, problem, { host: systemId });
  }
}

/** Waits until the agent has followed an intent. Throws VC-TIMEOUT. */
export async function waitApplied(state: State, result: IntentResult, timeoutMs?: number): Promise<void> {
  const { nextCfg } = result;
  if (nextCfg === undefined) return;
  if (await state.until(() => state.host(result.host).curCfg >= nextCfg, timeoutMs)) return;
  const { curCfg } = state.host(result.host);
  const seen =
    timeoutMs === undefined ? 'the database was closed first' : `its agent did not follow within ${timeoutMs} ms`;
  const text = `Cannot see the change applied on host ${result.host}: ${seen} (configuration ${curCfg}, wanted ${nextCfg}); the change is in the database`;
  throw new CompatError('VC-TIMEOUT', text, { host: result.host });
}

function wrap({ uuid, systemId }: HostRow, operations: readonly Json[], comment: string | undefined): Json[] {
  return [
    guard('Host', uuid, { system_id: systemId }),
    ...operations,
    mutate('Host', uuid, 'next_cfg', '+=', 1),
    { op: 'select', table: 'Host', where: whereUuid(uuid), columns: ['next_cfg'] },
    ...(comment === undefined ? [] : [{ op: 'comment', comment }]),
  ];
}

/** The results, or undefined when a guard failed and another try is due. */
async function send(state: State, operations: Json[], mayRetry: boolean): Promise<readonly Json[] | undefined> {
  try {
    return await state.client.transact(DATABASE, operations);
  } catch (cause) {
    if (cause instanceof OvsdbConnectionError)
      throw new CompatError('VC-DB-CONNECT', `Cannot write to the database: ${cause.message}`, {}, { cause });
    if (!(cause instanceof OvsdbTransactionError)) throw cause;
    if (cause.details?.includes('[VC-DB-UNWRITABLE]'))
      throw new CompatError('VC-DB-UNWRITABLE', `Cannot write to the database: ${cause.details}`, {}, { cause });
    if (cause.error === 'not allowed') throw readOnly(state.client.remote, cause);
    // Our guards are the only operations that can time out.
    const guarded = cause.error === 'timed out';
    if (guarded && mayRetry) return undefined;
    const reason = guarded ? `other clients changed the same rows ${TRIES} times in between` : cause.message;
    throw new CompatError('VC-DB-TRANSACTION', `Cannot write to the database: ${reason}`, {}, { cause });
  }
}

function readOnly(remote: string, cause: OvsdbTransactionError): CompatError {
  const text = `Cannot write to the database: ${remote} is a read-only remote (${cause.message}); wanted a remote that takes writes (--db), such as the agent's own unix socket`;
  return new CompatError('VC-DB-TRANSACTION', text, { remote }, { cause });
}

/** The value of next_cfg, read by the `select` inside the transaction. */
function counted(results: readonly Json[]): number | undefined {
  for (const result of results) {
    const rows = (result as { readonly rows?: readonly { readonly next_cfg?: unknown }[] } | null)?.rows;
    const value = rows?.[0]?.next_cfg;
    if (typeof value === 'number') return value;
  }
  return undefined;
}
