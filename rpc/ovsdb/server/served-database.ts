import type { Json } from '../../json/json-value.ts';
import type { TransactionContext } from '../database.ts';
import type { Monitor, MonitorRequest, MonitorUpdate } from '../monitor/monitor-hub.ts';

/** A transaction on its way. */
export interface RunningTransaction {
  /** Calls the listener with the results, or with why there are none, when the transaction is done. */
  whenDone(listener: (ending: { readonly results: Json[] } | { readonly error: unknown }) => void): void;
  /** Forgets a transaction that is parked in a `wait`. False, and without effect, for any other. */
  cancel(): boolean;
}

/**
 * What the server asks of a database, and all of it: the seam between the network and the engine. Mistakes in parameters
 * are thrown as OvsdbError. `send` is called at commit, before the result of the transaction settles.
 */
export interface ServedDatabase {
  readonly schema: { readonly name: string; toJson(): Json };
  transact(operations: readonly Json[], context: TransactionContext): RunningTransaction;
  watch(request: MonitorRequest, send: (update: MonitorUpdate) => void): Monitor;
  /** Ends the transactions that wait for nothing but the end of this turn of the event loop. */
  flush(): void;
  /** Takes another schema, all or nothing. Monitors and parked transactions end. */
  convert(schema: Json): void;
}
