import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';

/** The lock of an agent that was killed is released a little later than its successor may ask for it. */
const PATIENCE_MS = 3000;

interface IdentityLockParts {
  readonly client: OvsdbClient;
  readonly systemId: string;
  readonly stateDir: string;
  readonly tell: (problem: CompatError) => void;
}

/**
 * A lock of the database server (RFC 7047, section 4.1.8) by which two agents with one system id notice each other: hosts
 * that were cloned with their state directory would overwrite each other's rows without a warning. It only warns; and in a
 * cluster, where each server has its own locks, it notices only agents on the same server.
 */
export class IdentityLock {
  readonly #parts: IdentityLockParts;
  #timer: NodeJS.Timeout | undefined;
  #told = false;

  constructor(parts: IdentityLockParts) {
    this.#parts = parts;
    parts.client.on('notification', (method, params) => {
      if (method === 'locked' && params[0] === lockName(parts.systemId)) this.#held();
    });
  }

  /** Asks for the lock; once for each connection, because the lock ends with it. */
  async take(): Promise<void> {
    try {
      const { client, systemId } = this.#parts;
      const answer = await client.call('lock', [lockName(systemId)]);
      const locked = typeof answer === 'object' && answer !== null && 'locked' in answer && answer['locked'] === true;
      if (locked) this.#held();
      else this.#wait();
    } catch {
      // no connection, or a server without locks: nothing can be noticed then
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #held(): void {
    this.close();
    this.#timer = undefined;
    this.#told = false;
  }

  #wait(): void {
    if (this.#told) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#told = true;
      const { client, systemId, stateDir, tell } = this.#parts;
      const seen = `Cannot be the only agent of system id "${systemId}": another agent with this id is connected to ${client.remote}, and both write the same rows`;
      const wanted = `wanted an id for each host: set system_id, or remove ${stateDir}/system-id on the host that is a copy, and restart its agent`;
      tell(new CompatError('VC-SYSTEM-ID-TAKEN', `${seen}; ${wanted}`));
    }, PATIENCE_MS);
    this.#timer.unref();
  }
}

/** A name of letters, digits and underscores, as the protocol wants it (<id>, section 3.1); different for different ids. */
export function lockName(systemId: string): string {
  const code = (char: string) => `_${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return `vhost_compat_${systemId.replaceAll(/[^A-Za-z0-9]/g, code)}`;
}
