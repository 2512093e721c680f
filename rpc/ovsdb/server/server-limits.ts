import type { AdmissionLimits } from './admission.ts';
import type { SessionLimits } from './session-host.ts';

/** What one server spends on its clients; each limit's reason stands at its declaration. */
export interface ServerLimits extends SessionLimits, AdmissionLimits {
  /** Milliseconds for a TLS handshake: two round trips, and ten seconds allow for a bad line. */
  readonly handshakeMs: number;
  /** Bytes that the server holds for all clients together; beyond, the client with the most is dropped. */
  readonly memoryBytes: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  connections: 1000,
  connectionsPerRemote: 750,
  connectionsPerAddress: 250,
  handshakeMs: 10_000,
  messageBytes: 8 << 20,
  depth: 512,
  operations: 100_000,
  work: 20_000_000,
  keptBytes: 4 << 20,
  memoryBytes: 256 << 20,
  queuedBytes: 64 << 20,
  monitors: 1000,
  transactions: 1000,
};

/**
 * Those of a program that does nothing but serve databases of any size: `ovsdb-client restore` sends a whole database in one
 * message, and an update of all rows is one operation.
 */
export const STANDALONE_SERVER_LIMITS: ServerLimits = {
  ...DEFAULT_SERVER_LIMITS,
  messageBytes: 256 << 20,
  operations: 1_000_000,
  work: 100_000_000,
  memoryBytes: 1536 << 20,
};

/** What is wrong with configured limits, or undefined. */
export function limitsMistake(value: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, limit] of Object.entries(value)) {
    if (!Object.hasOwn(DEFAULT_SERVER_LIMITS, name))
      return `saw the limit "${name}"; wanted one of ${Object.keys(DEFAULT_SERVER_LIMITS).join(', ')}`;
    if (!Number.isSafeInteger(limit) || (limit as number) < 1)
      return `saw ${JSON.stringify(limit)} for the limit ${name}; wanted a whole number of at least 1`;
  }
  return undefined;
}
