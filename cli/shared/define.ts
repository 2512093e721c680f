import type { Entry } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { checkDefinition, defineVersion } from '../../rpc/state/definitions.ts';
import { hostName } from '../../rpc/state/state.ts';
import { followed } from './carry-out-change.ts';
import type { Context } from './context.ts';
import type { LiveTarget } from './targets.ts';

/** What became of a definition on one host. */
export interface Defined {
  readonly host: string;
  /** False: the host had it already, with the same content. */
  readonly changed: boolean;
  readonly applied: boolean;
  /** Undefined: the agent has not said yet. */
  readonly usable: boolean | undefined;
}

/** Asks all hosts first, so that one which refuses leaves the others, and the disk, as they were. Throws VC-VERSION-EXISTS. */
export function checkOnAll(entry: Entry, targets: readonly LiveTarget[]): void {
  for (const { state, host } of targets) checkDefinition(state, state.host(host), entry);
}

/** Defines an entry on all hosts, after `checkOnAll`. Throws VC-VERSION-EXISTS, VC-TIMEOUT. */
export async function defineOnAll(context: Context, entry: Entry, targets: readonly LiveTarget[]): Promise<Defined[]> {
  return Promise.all(targets.map((target) => defineOn(context, entry, target)));
}

async function defineOn(context: Context, entry: Entry, { state, host }: LiveTarget): Promise<Defined> {
  const { dryRun, wait } = context.options;
  const result = await defineVersion(state, { entry }, { host, dryRun, comment: context.commandLine });
  const applied = wait && !dryRun;
  if (applied) await followed(context, state, result, 'waiting for the agents to define it');
  const row = state.host(result.host);
  const published = state.versions(row, entry.deviceType).find((one) => one.version === entry.version);
  return { host: hostName(row), changed: result.changed, applied, usable: published?.usable };
}

/** For people, a line for each host. */
export function definedLines(entry: Entry, defined: readonly Defined[], dryRun: boolean): string[] {
  return defined.map(({ host, changed, usable }) => {
    if (dryRun)
      return `dry run: would ${changed ? 'define' : 'have nothing to do to define'} ${entry.version} on ${host}`;
    const state = usable === undefined ? 'not published yet' : usable ? 'usable' : 'not usable';
    return `${host}: ${changed ? 'defined' : 'already defined'} (${state})`;
  });
}

/** The name of an entry that a site makes; those of projects are not ours to give. Throws VC-TABLE. */
export function checkOwnName(version: string): void {
  if (/^upstream\./.test(version))
    throw new CompatError(
      'VC-TABLE',
      `Cannot make version "${version}": names that begin with "upstream." are those of the shipped tables; wanted one such as site.hall2.v1`,
      { version },
    );
}
