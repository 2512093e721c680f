import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/client.ts';

/** An agent that was killed leaves its lock a little later than its successor may come. */
const PATIENCE_MS = 3000;

/**
 * A lock of the database server (RFC 7047, section 4.1.8) by which two agents of one system id find out about each other: hosts
 * that were cloned with their state directory would overwrite each other's rows without a word. It only warns; and of a
 * cluster, where each server has locks of its own, it sees no more than one server.
 */
export class IdentityLock {
  readonly #client: OvsdbClient;
  readonly #systemId: string;
  readonly #stateDir: string;
  readonly #tell: (problem: CompatError) => void;
  #timer: NodeJS.Timeout | undefined;
  #told = false;

  constructor(parts: {
    readonly client: OvsdbClient;
    readonly systemId: string;
    readonly stateDir: string;
    readonly tell: (problem: CompatError) => void;
  }) {
    this.#client = parts.client;
    this.#systemId = parts.systemId;
    this.#stateDir = parts.stateDir;
    this.#tell = parts.tell;
    this.#client.on('notification', (method, params) => {
      if (method === 'locked' && params[0] === lockName(this.#systemId)) this.#held();
    });
  }

  /** Asks for the lock; once for each connection, with which it ends. */
  async take(): Promise<void> {
    try {
      const answer = await this.#client.call('lock', [lockName(this.#systemId)]);
      const locked = typeof answer === 'object' && answer !== null && 'locked' in answer && answer['locked'] === true;
      if (locked) this.#held();
      else this.#wait();
    } catch {
      // gone, or a server without locks: then there is nothing to find out
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
      const seen = `Cannot be the only agent of system id "${this.#systemId}": another one is connected to ${this.#client.remote} under it, and both write the same rows`;
      const wanted = `wanted an id for each host: set system_id, or remove ${this.#stateDir}/system-id on the host that is a copy, and start its agent again`;
      this.#tell(new CompatError('VC-SYSTEM-ID-TAKEN', `${seen}; ${wanted}`));
    }, PATIENCE_MS);
    this.#timer.unref();
  }
}

/** A name of letters, digits and underscores, as the protocol wants it (<id>, section 3.1); different for different ids. */
export function lockName(systemId: string): string {
  const escaped = systemId.replaceAll(
    /[^A-Za-z0-9]/g,
    (char) => `_${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `vhost_compat_${escaped}`;
}
