import type { Endpoint } from '../../compat-tables/entries/endpoint.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { requestName } from '../../compat-tables/protocol/requests.ts';
import { Door } from '../fd/door.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import { BackendDevice } from './backend-device.ts';
import { MockConnection, type MockMessage } from './connection.ts';

/** What is known of a released back-end; the tables of compat-tables give such rows. */
export interface ReleaseLike {
  readonly virtioFeatures: bigint;
  readonly protocolFeatures: bigint;
  readonly queuePairs: number;
}

/** The abilities of a release, as a measurement of it gives them. */
export function abilitiesOfRelease({ virtioFeatures, protocolFeatures, queuePairs }: ReleaseLike): Abilities {
  return { virtioFeatures, protocolFeatures, limits: { queue_pairs: queuePairs } };
}

/** One request as the mock got it. */
export interface Recorded {
  /** Counted from 1, over all connections of this mock. */
  readonly connection: number;
  readonly request: number;
  readonly name: string;
  readonly flags: number;
  readonly payload: Uint8Array;
  readonly fds: number;
}

export interface MockBackendOptions {
  /** Looks at a request before the mock does; `true`: the mock leaves it without an answer. */
  readonly intercept?: (message: MockMessage, connection: MockConnection) => boolean;
  /** In the role `connect`: the pause before a new connection, as Open vSwitch makes one. 1000 unless told. */
  readonly reconnectMs?: number;
  /** How many requests are recorded at most; default 10,000. */
  readonly maxRecorded?: number;
}

/**
 * A vhost-user back-end that negotiates and moves no packet. It serves any number of front-ends, closes every descriptor
 * that it gets, and remembers what it was told. In the role `connect` it comes back when it was left, for ever.
 */
export class MockBackend {
  readonly #door: Door;
  readonly #options: MockBackendOptions;
  readonly #role: Endpoint['role'];
  readonly #live = new Map<MockConnection, BackendDevice>();
  #abilities: Abilities;
  #opened: { resolve(): void; reject(error: Error): void } | undefined;
  #closed = false;
  /** Connections ever made. */
  connections = 0;
  /** Every request, in the order of arrival. */
  readonly received: Recorded[] = [];

  constructor(endpoint: Endpoint, abilities: Abilities, options: MockBackendOptions = {}) {
    this.#role = endpoint.role;
    this.#abilities = abilities;
    this.#options = options;
    this.#door = new Door(
      endpoint,
      {},
      {
        opened: () => this.#opened?.resolve(),
        arrived: (fd) => this.#arrived(fd),
        failed: (error) => this.#opened?.reject(error),
      },
    );
  }

  /** Resolves when front-ends can connect (`listen`), or when it has begun to try (`connect`). */
  async open(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#door.open();
    });
    return this;
  }

  /** What new connections are answered; those that are open keep what they had. */
  become(abilities: Abilities): void {
    this.#abilities = abilities;
  }

  #arrived(fd: OwnedFd): void {
    this.connections += 1;
    const number = this.connections;
    const device = new BackendDevice(this.#abilities);
    const connection: MockConnection = new MockConnection(
      fd,
      (message) => this.#message(connection, device, number, message),
      () => this.#left(connection),
    );
    this.#live.set(connection, device);
  }

  #message(connection: MockConnection, device: BackendDevice, number: number, message: MockMessage): void {
    const { request, flags, payload, fds } = message;
    if (this.received.length < (this.#options.maxRecorded ?? 10_000))
      this.received.push({ connection: number, request, name: requestName(request), flags, payload, fds: fds.length });
    const taken = this.#options.intercept?.(message, connection) ?? false;
    for (const fd of fds) fd.close();
    if (taken) return;
    const reaction = device.react(message);
    if (reaction === 'hang up') connection.close();
    else if (reaction !== 'nothing') connection.write(reaction.reply);
  }

  #left(connection: MockConnection): void {
    this.#live.delete(connection);
    if (this.#role === 'connect' && !this.#closed) this.#door.open(this.#options.reconnectMs ?? 1000);
  }

  /** The connections that are open, with what was negotiated on each. */
  get devices(): readonly BackendDevice[] {
    return [...this.#live.values()];
  }

  get live(): readonly MockConnection[] {
    return [...this.#live.keys()];
  }

  /** Ends all connections, as a restart does; new ones are welcome. */
  hangUp(): void {
    for (const connection of this.live) connection.close();
  }

  close(): void {
    this.#closed = true;
    this.#door.close();
    this.hangUp();
  }
}

/** A back-end for trials, that runs until it is closed. Rejects with VC-ENDPOINT or VC-ENDPOINT-TAKEN. */
export async function runMockBackend(endpoint: Endpoint, like: Abilities | ReleaseLike): Promise<MockBackend> {
  const abilities = 'limits' in like ? like : abilitiesOfRelease(like);
  const backend = new MockBackend(endpoint, abilities, { maxRecorded: 0 });
  try {
    return await backend.open();
  } catch (error) {
    backend.close();
    throw error;
  }
}
