import type { Json } from '../../json/json-value.ts';
import type { PendingTransaction, TransactionContext } from '../database.ts';
import type { Monitor, MonitorRequest, MonitorUpdate } from '../monitor/monitor-hub.ts';

export type RunningTransaction = Pick<PendingTransaction, 'whenDone' | 'cancel'>;

/**
 * All that the server asks of a database: the seam between network and engine. Wrong parameters are thrown as OvsdbError.
 * `send` is called at commit, before the result of the transaction settles.
 */
export interface ServedDatabase {
  readonly schema: { readonly name: string; toJson(): Json };
  transact(operations: readonly Json[], context: TransactionContext): RunningTransaction;
  watch(request: MonitorRequest, send: (update: MonitorUpdate) => void): Monitor;
  /** Commits the transactions that wait only for the end of this turn of the event loop. */
  flush(): void;
  /** Adopts another schema, all or nothing. Monitors end, then `converted` is called, then transactions that wait are canceled. */
  convert(schema: Json, converted: () => void): void;
}
