import type { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';

/** The time, in milliseconds, within which a database has to answer for the agent to start. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** The database of this host. The agent is a client of it like any other, also when it serves it. */
export interface OpenDatabase {
  readonly client: OvsdbClient;
  /** Where other programs of this host reach it. */
  readonly remote: string;
  /** What keeps clients from writing: VC-DB-UNWRITABLE, or VC-DB-UNREADABLE, when the rows are not those of the file either. */
  readonly trouble: CompatError | undefined;
  /** Calls `changed` when trouble begins or ends. */
  onTrouble(changed: () => void): void;
  /** Tells that it took no write of the agent, for a reason that is not in what was written. True: trouble began with that. */
  tookNothing(why: Error): boolean;
  close(): Promise<void>;
}
