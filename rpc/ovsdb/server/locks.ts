/** A session that may hold locks, to be told of changes by others (RFC 7047, sections 4.1.8 to 4.1.10). */
export interface LockClient {
  locked(name: string): void;
  stolen(name: string): void;
}

interface Waiter {
  readonly client: LockClient;
  /** Queued by `steal`, not by `lock`. */
  readonly thief: boolean;
}

/** The named locks of one server. The first client of a queue holds the lock, the others wait in order. */
export class LockTable {
  readonly #queues = new Map<string, Waiter[]>();

  /** Queues the client; returns whether it holds the lock now. */
  lock(name: string, client: LockClient): boolean {
    const waiter = { client, thief: false };
    const queue = this.#queues.get(name);
    if (queue) queue.push(waiter);
    else this.#queues.set(name, [waiter]);
    return this.holds(name, client);
  }

  /** Gives the lock to the client. A holder by `lock` becomes the next in the queue; one by `steal` leaves it. */
  steal(name: string, client: LockClient): void {
    const [victim, ...others] = this.#queues.get(name) ?? [];
    const rest = victim === undefined || victim.thief ? others : [victim, ...others];
    this.#queues.set(name, [{ client, thief: true }, ...rest]);
    victim?.client.stolen(name);
  }

  /** Gives up the lock, or the place in its queue. In both cases the holder is notified, as by ovsdb-server. */
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
