/** Who may hold a lock: a session. It is told of what others did to its locks (RFC 7047, sections 4.1.8 to 4.1.10). */
export interface LockClient {
  locked(name: string): void;
  stolen(name: string): void;
}

interface Waiter {
  readonly client: LockClient;
  /** Came by `steal`, not by `lock`. */
  readonly thief: boolean;
}

/** The named locks of one server. The first of a queue holds the lock, the others wait in order. */
export class LockTable {
  readonly #queues = new Map<string, Waiter[]>();

  /** Queues the client and tells whether it holds the lock now. */
  lock(name: string, client: LockClient): boolean {
    const waiter = { client, thief: false };
    const queue = this.#queues.get(name);
    if (queue) queue.push(waiter);
    else this.#queues.set(name, [waiter]);
    return this.holds(name, client);
  }

  /** Gives the lock to the client. Whoever held it waits behind, but one who stole it before has lost it for good. */
  steal(name: string, client: LockClient): void {
    const [victim, ...others] = this.#queues.get(name) ?? [];
    const rest = victim === undefined || victim.thief ? others : [victim, ...others];
    this.#queues.set(name, [{ client, thief: true }, ...rest]);
    victim?.client.stolen(name);
  }

  /** Lets go of the lock, or of the place in its queue. Like ovsdb-server, it tells the owner in both cases. */
  unlock(name: string, client: LockClient): void {
    const queue = this.#queues.get(name) ?? [];
    const rest = queue.filter((one) => one.client !== client);
    if (rest.length === queue.length) return;
    if (rest.length === 0) this.#queues.delete(name);
    else this.#queues.set(name, rest);
    rest[0]?.client.locked(name);
  }

  holds(name: string, client: LockClient): boolean {
    return this.#queues.get(name)?.[0]?.client === client;
  }
}
