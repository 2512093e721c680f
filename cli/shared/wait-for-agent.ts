import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { type IntentResult, waitApplied } from '../../rpc/state/carry-out.ts';
import type { State } from '../../rpc/state/state.ts';
import type { Context } from './context.ts';

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
