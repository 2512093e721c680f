import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { interfaceDocument } from '../../rpc/fleet/describe-host.ts';
import { type IntentOptions, type IntentResult, waitApplied } from '../../rpc/state/carry-out.ts';
import { hostName, type State } from '../../rpc/state/state.ts';
import { checkColumns } from './columns.ts';
import type { CommandResult } from './command.ts';
import type { Context } from './context.ts';
import { openState } from './open-host.ts';

const HEADINGS = ['host', 'changed', 'applied'];

/** A change that a command asks of a host. */
export interface HostChange {
  /** For --dry-run: what would be done, `pin vhu0 to …`. */
  readonly doing: string;
  /** The interface that it is about, when it is about one that stays. */
  readonly interface?: string;
  intent(state: State, options: IntentOptions): Promise<IntentResult>;
}

/**
 * Carries out what a writing command intends, waits for the agent unless --no-wait, and says what is noteworthy. As
 * ovs-vsctl does, a change that went well prints nothing.
 */
export async function carryOutChange(context: Context, command: string, change: HostChange): Promise<CommandResult> {
  const { dryRun, wait, host, columns } = context.options;
  checkColumns(HEADINGS, columns);
  const state = await openState(context);
  const result = await change.intent(state, { host, dryRun, comment: context.commandLine });
  const notes = [...result.notes];
  let applied = false;
  if (dryRun) {
    notes.push(result.changed ? `dry run: would ${change.doing}` : `dry run: nothing to do to ${change.doing}`);
  } else if (wait) {
    await followed(context, state, result, 'waiting for the agent to apply the change');
    applied = true;
  }
  const owner = state.host(result.host);
  const row = change.interface === undefined ? undefined : state.findInterface(change.interface, owner);
  if (applied && row !== undefined) {
    const { name, error, errorDetail = '', inForce, nextStart } = row;
    if (error !== undefined) notes.push(`${name}: ${errorDetail} [${error}]`);
    if (inForce !== undefined && nextStart !== undefined && inForce !== nextStart)
      notes.push(`${name}: ${inForce} stays in force; ${nextStart} rules from the next start of the front-end`);
  }
  return {
    text: '',
    table: { headings: HEADINGS, rows: [[hostName(owner), result.changed, applied]] },
    notes,
    json: {
      ...{ kind: 'change', command, host: hostName(owner), changed: result.changed, dry_run: dryRun, applied, notes },
      ...(row === undefined || dryRun ? {} : { interface: interfaceDocument(row) }),
      ...(dryRun ? { operations: result.operations } : {}),
    },
  };
}

/** The wait for the agent ends this much before --timeout, so that its own, more telling error is the one that is seen. */
const MARGIN_MS = 20;

/**
 * Waits until the agent has followed a change. Without --retry, a database that goes away meanwhile ends the wait: the
 * client would go on trying for ever, and say nothing. Throws VC-TIMEOUT, VC-DB-CONNECT.
 */
export async function followed(context: Context, state: State, result: IntentResult, doing: string): Promise<void> {
  const left = context.remainingMs();
  const limit = left === undefined ? undefined : Math.max(1, left - MARGIN_MS);
  const applied = waitApplied(state, result, limit);
  await context.progress(doing, context.options.retry ? applied : connected(state, result, applied));
}

/** Settles as `work` does, unless the connection ends before. */
async function connected(state: State, { host }: IntentResult, work: Promise<void>): Promise<void> {
  const { client } = state;
  let lost: (cause: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    lost = (cause) => {
      const text = `Cannot see the change applied on host ${host}: ${cause.message}; the change is in the database`;
      reject(new CompatError('VC-DB-CONNECT', text, { host, remote: client.remote }, { cause }));
    };
    client.once('disconnected', lost);
  });
  try {
    await Promise.race([work, ended]);
  } finally {
    client.off('disconnected', lost);
  }
}
