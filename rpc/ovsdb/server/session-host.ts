import type { Socket } from 'node:net';
import type { LockClient, LockTable } from './locks.ts';
import type { ServedDatabase } from './served-database.ts';

export interface SessionLimits {
  /** Longest message in bytes: reading one takes the server some 10 ms for each MiB. */
  readonly messageBytes: number;
  /** Deepest nesting of a message. OVSDB needs less than 20. */
  readonly depth: number;
  /** Bytes that wait for a client behind the message that it is being sent; beyond, it is dropped. */
  readonly queuedBytes: number;
  /** Monitors of one client: one for each table of a large schema, and more. */
  readonly monitors: number;
  /** Operations of one transaction. Each takes memory; what they cost otherwise is counted as `work`. */
  readonly operations: number;
  /** What one request may cost, in the unit of `WorkBudget`, because it runs without interruption. */
  readonly work: number;
  /** Bytes of the requests that are kept for one client: monitors, locks, unfinished transactions. */
  readonly keptBytes: number;
  /** Unfinished transactions of one client, e.g. in a `wait`; beyond, its next message is not read. */
  readonly transactions: number;
}

/** One client, as its server sees it. */
export interface ServedClient extends LockClient {
  /** About the memory that this client takes beyond the connection itself, in bytes. */
  readonly memoryBytes: number;
  /** Sends what is queued, then ends the connection. */
  close(): void;
  /** Ends the connection at once. */
  destroy(reason?: Error): void;
  /** A database has another schema, and its monitors have ended: change-aware clients are told. */
  monitorsEnded(database: ServedDatabase): void;
  /** Ends the connection of a client that does not know that databases can change. */
  leaveUnlessChangeAware(): void;
}

/** What the sessions of a server share. */
export interface SessionHost {
  readonly databases: ReadonlyMap<string, ServedDatabase>;
  readonly locks: LockTable;
  readonly serverId: string;
  readonly limits: SessionLimits;
  readonly readOnly: boolean;
  /** The clients are the program itself. */
  readonly own: boolean;
  /** Who is at the other end, in words. */
  identify(socket: Socket): string | undefined;
  /** A client asked for something that the database never allows. */
  denied(author: string | undefined, method: string, reason: string): void;
  /** In milliseconds. 0: this transport needs no probes. */
  readonly probeIntervalMs: number;
  /** A bug of ours; the client is told `internal error` only. */
  internalError(error: unknown): void;
  /** A client gave the database another schema. `answer` tells that client so, in its turn. */
  converted(database: ServedDatabase, answer: () => void): void;
  /** The server keeps more for this client than before. */
  grown(client: ServedClient): void;
  /** The session has ended; with a reason unless the client ended it. */
  closed(client: ServedClient, reason: Error | undefined): void;
}
