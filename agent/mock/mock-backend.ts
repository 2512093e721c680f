import type { Abilities } from '../../compat-tables/entries/entry.ts';
import type { Endpoint } from '../../compat-tables/protocol/endpoint.ts';
import { requestName } from '../../compat-tables/protocol/requests.ts';
import type { BackendRelease } from '../../compat-tables/releases/release.ts';
import { EndpointOpener, type EndpointOpenerEvents } from '../fd/endpoint-opener.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import { BackendDevice } from './backend-device.ts';
import { MockConnection, type MockMessage } from './connection.ts';

type ReleaseLike = Pick<BackendRelease, 'virtioFeatures' | 'protocolFeatures' | 'queuePairs'>;

/** The abilities of a release, as a measurement gives them. */
export function abilitiesOfRelease({ virtioFeatures, protocolFeatures, queuePairs }: ReleaseLike): Abilities {
  return { virtioFeatures, protocolFeatures, limits: { queue_pairs: queuePairs } };
}

/** One request that the mock received. */
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
  /** Sees each request first; `true`: the mock does not answer it. */
  readonly intercept?: (message: MockMessage, connection: MockConnection) => boolean;
  /** In the role `connect`: milliseconds before a new connection; default 1000, as Open vSwitch. */
  readonly reconnectMs?: number;
  /** How many requests are recorded at most; default 10,000. */
  readonly maxRecorded?: number;
}

/**
 * A vhost-user back-end that negotiates and moves no packets. It serves any number of front-ends, closes every descriptor
 * that it receives, and records the requests. In the role `connect` it reconnects for ever.
 */
export class MockBackend {
  readonly #opener: EndpointOpener;
  readonly #options: MockBackendOptions;
  readonly #role: Endpoint['role'];
  readonly #live = new Map<MockConnection, BackendDevice>();
  #abilities: Abilities;
  #opened: { resolve(): void; reject(error: Error): void } | undefined;
  #closed = false;
  /** The number of connections since it was opened. */
  connections = 0;
  /** Every request, in the order of arrival. */
  readonly received: Recorded[] = [];

  constructor(endpoint: Endpoint, abilities: Abilities, options: MockBackendOptions = {}) {
    this.#role = endpoint.role;
    this.#abilities = abilities;
    this.#options = options;
    const events: EndpointOpenerEvents = {
      opened: () => this.#opened?.resolve(),
      arrived: (fd) => this.#arrived(fd),
      failed: (error) => this.#opened?.reject(error),
    };
    this.#opener = new EndpointOpener(endpoint, {}, events);
  }

  /** Resolves when front-ends can connect (`listen`), or when it has begun to try (`connect`). */
  async open(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#opener.open();
    });
    return this;
  }

  /** Changes the abilities for new connections; open ones keep theirs. */
  become(abilities: Abilities): void {
    this.#abilities = abilities;
  }

  #arrived(fd: OwnedFd): void {
    this.connections += 1;
    const number = this.connections;
    const device = new BackendDevice(this.#abilities);
    const take = (message: MockMessage): void => this.#message(connection, device, number, message);
    const connection: MockConnection = new MockConnection(fd, take, () => this.#left(connection));
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
    if (this.#role === 'connect' && !this.#closed) this.#opener.open(this.#options.reconnectMs ?? 1000);
  }

  /** The connections that are open, with what was negotiated on each. */
  get devices(): readonly BackendDevice[] {
    return [...this.#live.values()];
  }

  get live(): readonly MockConnection[] {
    return [...this.#live.keys()];
  }

  /** Ends all connections, as a restart does, and accepts new ones. */
  hangUp(): void {
    for (const connection of this.live) connection.close();
  }

  close(): void {
    this.#closed = true;
    this.#opener.close();
    this.hangUp();
  }
}

/** A back-end for trials that runs until it is closed. Rejects with VC-ENDPOINT or VC-ENDPOINT-TAKEN. */
export async function runMockBackend(endpoint: Endpoint, release: ReleaseLike): Promise<MockBackend> {
  const backend = new MockBackend(endpoint, abilitiesOfRelease(release), { maxRecorded: 0 });
  try {
    return await backend.open();
  } catch (error) {
    backend.close();
    throw error;
  }
}
