import { interfaceDocument } from '../../rpc/fleet/describe-host.ts';
import type { IntentOptions, IntentResult } from '../../rpc/state/carry-out.ts';
import { hostName, type State } from '../../rpc/state/state.ts';
import { checkColumns } from './columns.ts';
import type { Result } from './command.ts';
import type { Context } from './context.ts';
import { openState } from './open-host.ts';
import { followed } from './wait-for-agent.ts';

const HEADINGS = ['host', 'changed', 'applied'];

export interface Change {
  readonly command: string;
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
export async function carryOutChange(context: Context, change: Change): Promise<Result> {
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
  if (applied && row?.error !== undefined) notes.push(`${row.name}: ${row.errorDetail ?? ''} [${row.error}]`);
  if (applied && row?.inForce !== undefined && row.nextStart !== undefined && row.inForce !== row.nextStart) {
    notes.push(
      `${row.name}: ${row.inForce} stays in force; ${row.nextStart} rules from the next start of the front-end`,
    );
  }
  return {
    text: '',
    table: { headings: HEADINGS, rows: [[hostName(owner), result.changed, applied]] },
    notes,
    json: {
      format: 1,
      kind: 'change',
      command: change.command,
      host: hostName(owner),
      changed: result.changed,
      dry_run: dryRun,
      applied,
      notes,
      ...(row === undefined || dryRun ? {} : { interface: interfaceDocument(row) }),
      ...(dryRun ? { operations: result.operations } : {}),
    },
  };
}
