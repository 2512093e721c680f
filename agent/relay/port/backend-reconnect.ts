import { Backoff } from '../../../base/backoff.ts';
import { formatMask } from '../../../compat-tables/bits/mask.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { formatEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import { EndpointOpener, type EndpointOpenerOptions } from '../../fd/endpoint-opener.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import { BackendLink, type VhostChannel } from '../link/backend-link.ts';
import type { PortReporter } from './port-reporter.ts';
import type { PortConfig, PortOptions } from './port-status.ts';

const MEASURE_TIMEOUT_MS = 5000;
/** A back-end that hangs up so often in a row when it is asked for its queues is measured without that question. */
const MOST_QUEUE_HANGUPS = 2;

export interface BackendEvents {
  /** Takes a new connection over; what `work` throws means that it cannot be (no memory, no descriptors). */
  arrived(work: () => void): void;
  measured(abilities: Abilities): void;
  /** The back-end is gone. Undefined: it hung up. */
  ended(error: Error | undefined): void;
}

/** The connection to the back-end: finds one, measures it, and pauses before the next one when it ended too often. */
export class BackendReconnect {
  readonly #config: PortConfig;
  readonly #options: PortOptions;
  readonly #reporter: PortReporter;
  readonly #events: BackendEvents;
  readonly #door: EndpointOpener;
  /** No pause at first, then doubled ones, until a front-end's features are acked. */
  readonly #backoff = new Backoff({ quickMs: 0, firstMs: 100, longestMs: 1000 });
  #link: BackendLink | undefined;
  #queueHangups = 0;

  constructor(
    config: PortConfig,
    options: PortOptions,
    sockets: EndpointOpenerOptions,
    reporter: PortReporter,
    events: BackendEvents,
  ) {
    this.#config = config;
    this.#options = options;
    this.#reporter = reporter;
    this.#events = events;
    this.#door = new EndpointOpener(config.backend, sockets, {
      opened: () => {
        reporter.endpointOpened('backend-endpoint', 'waiting-backend', this.#link !== undefined);
        if (this.#link) this.#door.hold();
      },
      arrived: (fd) => events.arrived(() => this.#arrived(fd)),
      failed: (error) => reporter.endpointFailed('backend-endpoint', error, this.#link !== undefined),
    });
  }

  /** The connected back-end. */
  get link(): BackendLink | undefined {
    return this.#link;
  }

  /** What is waited for while no back-end is connected: `connect:/run/b: ECONNREFUSED, tried every second`. */
  get waitingFor(): string | undefined {
    if (this.#link) return undefined;
    const endpoint = formatEndpoint(this.#config.backend);
    if (this.#config.backend.role === 'listen' && this.#door.lastError === undefined)
      return `${endpoint}: no back-end has connected yet`;
    return `${endpoint}: ${this.#door.lastError ?? 'not tried yet'}, tried every second`;
  }

  /** Tries to connect, or waits for a back-end that connects, after the pause that is due. */
  seek(): void {
    this.#reporter.solved('mode');
    this.#reporter.enterState('waiting-backend');
    this.#door.open(this.#backoff.next());
  }

  /** A front-end came to an agreement with the back-end: the next pause is the first one again. */
  succeeded(): void {
    this.#backoff.reset();
  }

  #arrived(fd: OwnedFd): void {
    this.#door.hold(); // other back-ends wait in the kernel's queue
    this.#reporter.statistics.backend_connects += 1;
    const link: BackendLink = BackendLink.toMeasure(
      fd,
      {
        what: this.#config.name,
        timeoutMs: this.#options.measureTimeoutMs ?? MEASURE_TIMEOUT_MS,
        asksQueues: this.#queueHangups < MOST_QUEUE_HANGUPS,
        partialPatienceMs: this.#options.partialPatienceMs,
      },
      { measured: (abilities) => this.#measured(abilities), ended: (error) => this.#ended(link, error) },
    );
    this.#link = link;
    this.#reporter.enterState('measuring');
    link.measure();
  }

  #measured(abilities: Abilities): void {
    const { limits } = abilities;
    if ('queue_pairs' in limits) this.#queueHangups = 0;
    this.#reporter.solved('backend');
    const virtio = formatMask(abilities.virtioFeatures);
    const protocol = formatMask(abilities.protocolFeatures);
    this.#reporter.notify('measured', `The back-end offers ${virtio}`, { virtio, protocol, limits });
    this.#events.measured(abilities);
  }

  #ended(link: BackendLink, error: Error | undefined): void {
    if (this.#link !== link) return;
    if (link.askedForQueues) this.#queueHangups += 1;
    this.#link = undefined;
    this.#events.ended(error);
  }

  /** Goes on with the connection of an earlier process. */
  resume(channel: VhostChannel, abilities: Abilities): BackendLink {
    const link: BackendLink = BackendLink.measured(channel, this.#config.name, abilities, {
      measured: () => {},
      ended: (error) => this.#ended(link, error),
    });
    this.#link = link;
    return link;
  }

  /** Opens the socket that back-ends connect to, while one is connected: others wait in the kernel's queue. */
  listen(): void {
    if (this.#config.backend.role === 'listen') this.#door.open();
  }

  /** Ends the connection. */
  hangUp(): void {
    const link = this.#link;
    this.#link = undefined;
    link?.close();
  }

  /** Looks for no back-end any more; the connected one stays, in the hands of the caller. */
  stop(): BackendLink | undefined {
    this.#door.close();
    const link = this.#link;
    this.#link = undefined;
    return link;
  }
}
