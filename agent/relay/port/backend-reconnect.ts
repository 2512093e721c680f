import { Backoff } from '../../../base/backoff.ts';
import { formatMask } from '../../../compat-tables/bits/mask.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { formatEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import type { RequestName } from '../../../compat-tables/protocol/requests.ts';
import { EndpointOpener } from '../../fd/endpoint-opener.ts';
import { SystemCallError } from '../../fd/libc.ts';
import { ForeignDescriptorError, type OwnedFd } from '../../fd/owned-fd.ts';
import { VhostProtocolError } from '../../vhost/errors.ts';
import { BackendLink, type BackendLinkEvents, type VhostChannel } from '../link/backend-link.ts';
import type { PortReporter } from './port-reporter.ts';
import type { PortConfig, PortOptions } from './port-status.ts';

const MEASURE_TIMEOUT_MS = 5000;
/** A back-end that hangs up so often in a row over the question for one of its limits is measured without it. */
const MOST_LIMIT_HANGUPS = 2;

export interface BackendEvents {
  /** Takes a new connection over; what `work` throws means that it cannot be (no memory, no descriptors). */
  arrived(work: () => void): void;
  measured(abilities: Abilities): void;
  /** The back-end is gone. Undefined: it hung up. */
  ended(error: Error | undefined): void;
  /** The connection was one to a back-end that was about to end: nothing is wrong, and none is connected. */
  vanished(): void;
}

/** The connection to the back-end: finds one, measures it, and pauses before the next one when it ended too often. */
export class BackendReconnect {
  readonly #config: PortConfig;
  readonly #options: PortOptions;
  readonly #reporter: PortReporter;
  readonly #events: BackendEvents;
  readonly #opener: EndpointOpener;
  /** No pause at first, then doubled ones, until a front-end's features are acked. */
  readonly #backoff = new Backoff({ quickMs: 0, firstMs: 100, longestMs: 1000 });
  #link: BackendLink | undefined;
  /** By question for a limit: how often in a row the back-end hung up over it. */
  readonly #limitHangups = new Map<RequestName, number>();
  /**
   * The last connection was a measured one, and it is over. A back-end that ends with its connection may still listen for a
   * moment, and hang up over the next one before it answers.
   */
  #mayBeEnding = false;
  /** It sent what closes only when it likes: none is looked for until this settles. */
  #heldBack: Promise<void> | undefined;
  readonly #heard: BackendLinkEvents = {
    measured: (abilities) => this.#measured(abilities),
    late: (error) => {
      this.#reporter.fault('backend', error);
      this.#reporter.changed();
    },
    ended: (link, error) => this.#ended(link, error),
  };

  constructor(config: PortConfig, options: PortOptions, reporter: PortReporter, events: BackendEvents) {
    this.#config = config;
    this.#options = options;
    this.#reporter = reporter;
    this.#events = events;
    this.#opener = new EndpointOpener(
      config.backend,
      { group: config.socketGroup },
      {
        opened: () => {
          reporter.endpointOpened('backend-endpoint', 'waiting-backend', this.#link !== undefined);
          if (this.#link) this.#opener.hold();
        },
        arrived: (fd) => events.arrived(() => this.#arrived(fd)),
        failed: (error) => reporter.endpointFailed('backend-endpoint', error, this.#link !== undefined),
      },
    );
  }

  /** The connected back-end. */
  get link(): BackendLink | undefined {
    return this.#link;
  }

  /** What is waited for while no back-end is connected: `connect:/run/b: ECONNREFUSED, tried every second`. */
  get waitingFor(): string | undefined {
    if (this.#link) return undefined;
    const endpoint = formatEndpoint(this.#config.backend);
    if (this.#heldBack) return `${endpoint}: until the descriptors are closed that the last one sent`;
    if (this.#config.backend.role === 'listen' && this.#opener.lastError === undefined)
      return `${endpoint}: no back-end has connected yet`;
    return `${endpoint}: ${this.#opener.lastError ?? 'not tried yet'}, tried every second`;
  }

  /** Tries to connect, or waits for a back-end that connects, after the pause that is due. */
  seek(): void {
    this.#reporter.solved('mode');
    this.#reporter.enterState('waiting-backend');
    this.#opener.open(this.#backoff.next());
  }

  /** A front-end came to an agreement with the back-end: the next pause is the first one again. */
  succeeded(): void {
    this.#backoff.reset();
  }

  #arrived(fd: OwnedFd): void {
    this.#opener.hold(); // other back-ends wait in the kernel's queue
    this.#reporter.statistics.backend_connects += 1;
    const options = {
      what: this.#config.name,
      timeoutMs: this.#options.measureTimeoutMs ?? MEASURE_TIMEOUT_MS,
      unasked: this.#unasked(),
      partialPatienceMs: this.#options.partialPatienceMs,
    };
    const link = BackendLink.toMeasure(fd, options, this.#heard);
    this.#link = link;
    this.#reporter.enterState('measuring');
    try {
      link.measure();
    } catch (error) {
      if (!this.#wasEnding(link, error as Error)) throw error;
      this.#link = undefined;
      link.close();
      this.#vanished();
    }
  }

  /** Whether a connection that is over never was one, because the back-end behind it was ending. */
  #wasEnding(link: BackendLink, error: Error | undefined): boolean {
    if (!this.#mayBeEnding || link.answered) return false;
    return error instanceof SystemCallError || (error instanceof CompatError && error.code === 'VC-VHOST-GONE');
  }

  #vanished(): void {
    this.#mayBeEnding = false;
    this.#events.vanished();
  }

  #unasked(): ReadonlySet<RequestName> {
    const often = [...this.#limitHangups].filter(([, times]) => times >= MOST_LIMIT_HANGUPS);
    return new Set(often.map(([request]) => request));
  }

  #measured(abilities: Abilities): void {
    const { limits } = abilities;
    const unasked = this.#unasked();
    for (const request of this.#limitHangups.keys()) if (!unasked.has(request)) this.#limitHangups.delete(request); // answered now
    this.#reporter.solved('backend');
    const virtio = formatMask(abilities.virtioFeatures);
    const protocol = formatMask(abilities.protocolFeatures);
    this.#reporter.notify('measured', `The back-end offers ${virtio}`, { virtio, protocol, limits });
    this.#events.measured(abilities);
  }

  #ended(link: BackendLink, error: Error | undefined): void {
    if (this.#link !== link) return;
    const asked = link.askedLimit;
    if (asked !== undefined && !(error instanceof VhostProtocolError))
      this.#limitHangups.set(asked, (this.#limitHangups.get(asked) ?? 0) + 1);
    this.#link = undefined;
    if (this.#wasEnding(link, error)) {
      this.#vanished();
      return;
    }
    this.#mayBeEnding = link.abilities !== undefined;
    if (error instanceof ForeignDescriptorError) this.#heldBack = error.closed();
    this.#events.ended(error);
  }

  /** Goes on with the connection of an earlier process. Where back-ends connect, others wait in the kernel's queue. */
  resume(channel: VhostChannel, abilities: Abilities): BackendLink {
    if (this.#config.backend.role === 'listen') this.#opener.open();
    this.#link = BackendLink.measured(channel, this.#config.name, abilities, this.#heard);
    return this.#link;
  }

  /** Ends the connection and looks for a back-end again. */
  startOver(): void {
    const link = this.#link;
    this.#link = undefined;
    if (link) this.#mayBeEnding = link.abilities !== undefined;
    link?.close();
    if (this.#heldBack) this.#seekAfter(this.#heldBack);
    else this.seek();
  }

  #seekAfter(heldBack: Promise<void>): void {
    this.#reporter.enterState('waiting-backend');
    void heldBack.then(() => {
      if (this.#heldBack !== heldBack) return;
      this.#heldBack = undefined;
      this.seek();
    });
  }

  /** Looks for no back-end any more; the connected one stays, in the hands of the caller. */
  stop(): BackendLink | undefined {
    this.#opener.close();
    this.#heldBack = undefined;
    const link = this.#link;
    this.#link = undefined;
    return link;
  }
}
