import { setTimeout } from 'node:timers/promises';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Json } from '../json/types.ts';
import { OvsdbConnectionError, OvsdbTransactionError } from '../ovsdb/client/client-errors.ts';
import { ovsUuid } from '../ovsdb/notation/values.ts';
import type { HostRow } from './rows.ts';
import { DATABASE } from './schema-file.ts';
import type { State } from './state.ts';

/** Carries a plan out as one transaction, and again when somebody else was faster. */

export interface IntentOptions {
  /** System id or host name; default: the one that the State was opened for, else the only one of the database. */
  readonly host?: string | undefined;
  /** Plans and checks, and sends nothing. */
  readonly dryRun?: boolean | undefined;
  /** Stands in the log of the database beside the transaction: the command line, as a rule. */
  readonly comment?: string | undefined;
}

export interface IntentResult {
  /** The system id of the host. */
  readonly host: string;
  /** False: all was as wanted already, and nothing was sent. */
  readonly changed: boolean;
  /** What was sent, or would be with `dryRun`. */
  readonly operations: readonly Json[];
  /** The agent has followed when Host.cur_cfg reaches this; undefined with `dryRun`. */
  readonly nextCfg: number | undefined;
  /** Sentences for the user. */
  readonly notes: readonly string[];
}

export interface Plan {
  readonly notes: readonly string[];
  /** `wait` operations: what must still be so when the transaction runs. */
  readonly guards: readonly Json[];
  /** Empty: nothing to change. */
  readonly operations: readonly Json[];
}

/**
 * Guards fail when another client wrote in between; each try plans anew from a newer copy. Of those that write at once one
 * succeeds each time, so there are as many tries as there may be such clients.
 */
const TRIES = 40;
/** Pauses grow up to this and are random, so that two that met do not meet again. */
const LONGEST_PAUSE_MS = 100;

/** The last intent of each copy: those of one process need not race with each other. */
const lastOf = new WeakMap<State, Promise<unknown>>();

/** One intent of this process after the other, each tried until nobody else was faster. */
export async function carryOut(
  state: State,
  options: IntentOptions,
  plan: (host: HostRow) => Plan,
): Promise<IntentResult> {
  const before = lastOf.get(state) ?? Promise.resolve();
  const mine = before.then(
    async () => await tryOut(state, options, plan),
    async () => await tryOut(state, options, plan),
  );
  lastOf.set(state, mine);
  return await mine;
}

async function tryOut(state: State, options: IntentOptions, plan: (host: HostRow) => Plan): Promise<IntentResult> {
  for (let tries = 1; ; tries++) {
    const host = state.host(options.host);
    const planned = plan(host);
    const { notes } = planned;
    const operations = planned.operations.length === 0 ? [] : wrap(host, planned, options.comment);
    const changed = operations.length > 0;
    if (options.dryRun) return { host: host.systemId, changed, operations, nextCfg: undefined, notes };
    if (!changed) return { host: host.systemId, changed, operations, nextCfg: host.nextCfg, notes };
    const results = await send(state, operations, tries < TRIES);
    if (results !== undefined) return { host: host.systemId, changed, operations, nextCfg: counted(results), notes };
    // The others' change is in our copy before the refusal as a rule, because updates go first (a relay may be slower).
    await setTimeout(Math.random() * Math.min(tries * 10, LONGEST_PAUSE_MS));
  }
}

/** Waits until the agent has followed an intent. Throws VC-TIMEOUT. */
export async function waitApplied(state: State, result: IntentResult, timeoutMs?: number): Promise<void> {
  const { nextCfg } = result;
  if (nextCfg === undefined) return;
  if (await state.until(() => state.host(result.host).curCfg >= nextCfg, timeoutMs)) return;
  const waited = timeoutMs === undefined ? 'the database was closed and' : `after ${timeoutMs} ms`;
  const text = `Cannot see the change applied on host ${result.host}: ${waited} its agent is at configuration ${state.host(result.host).curCfg}, wanted ${nextCfg}; the change is in the database`;
  throw new CompatError('VC-TIMEOUT', text, { host: result.host });
}

function wrap(host: HostRow, { guards, operations }: Plan, comment: string | undefined): Json[] {
  const where: Json = [['_uuid', '==', ovsUuid(host.uuid)]];
  const systemId = { system_id: host.systemId };
  return [
    { op: 'wait', table: 'Host', timeout: 0, where, columns: ['system_id'], until: '==', rows: [systemId] },
    ...guards,
    ...operations,
    { op: 'mutate', table: 'Host', where, mutations: [['next_cfg', '+=', 1]] },
    { op: 'select', table: 'Host', where, columns: ['next_cfg'] },
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
    // Our guards are the only operations that can time out.
    const guarded = cause.error === 'timed out';
    if (guarded && mayRetry) return undefined;
    const reason = guarded ? `others changed the same rows ${TRIES} times in between` : cause.message;
    throw new CompatError('VC-DB-TRANSACTION', `Cannot write to the database: ${reason}`, {}, { cause });
  }
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
