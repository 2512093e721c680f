import { formatMask } from '../../../compat-tables/bits/mask.ts';
import { RING_PACKED } from '../../../compat-tables/bits/named-masks.ts';
import { formatEndpoint } from '../../../compat-tables/entries/endpoint.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { Door } from '../../fd/door.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { KeptConnection } from '../handover/kept-connection.ts';
import { BackendLink } from '../link/backend-link.ts';
import type { ExchangeContext } from '../link/exchange.ts';
import { FrontendLink, type FrontendLinkEvents, type Identity } from '../link/frontend-link.ts';
import type { Tap } from '../link/tap.ts';
import { Gate } from './gate.ts';
import type { PortConfig, PortEvent, PortHooks, PortOptions, PortState, PortStatus } from './port-status.ts';
import { type DoorTrouble, Report, type Trouble } from './report.ts';

const MEASURE_TIMEOUT_MS = 5000;
/** Before a new beginning: none at first, then doubled from the first pause up to the longest, until features are acked. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** A back-end that ends so often when it is asked for its queues is measured without. */
const MOST_DEAF = 2;
/** A front-end asks for features as soon as it is connected; one that was silent for so long makes room for another. */
const SILENCE_MS = 1000;

/**
 * One interface: a back-end, a front-end, and what passes between them. The back-end comes first and is measured; only
 * then, and only if a mode may be offered, does the front-end's door open; when one side ends the other is closed. Nothing
 * that happens here disturbs another port.
 */
export class Port {
  readonly #config: PortConfig;
  readonly #report: Report;
  readonly #options: PortOptions;
  readonly #backendDoor: Door;
  readonly #gate: Gate;
  #backend: BackendLink | undefined;
  #frontend: FrontendLink | undefined;
  /** New beginnings since features were last acked. */
  #attempts = 0;
  /** How often in a row the back-end hung up when it was asked for its queues. */
  #deafToQueues = 0;
  #tap: Tap | undefined;

  constructor(config: PortConfig, hooks: PortHooks, options: PortOptions = {}) {
    this.#config = config;
    this.#report = new Report(config.name, hooks);
    this.#options = options;
    const sockets = {
      ...(config.socketMode === undefined ? {} : { mode: config.socketMode }),
      ...(config.socketGroup === undefined ? {} : { group: config.socketGroup }),
    };
    this.#backendDoor = new Door(config.backend, sockets, {
      opened: () => this.#doorOpened('backend-endpoint', 'waiting-backend', this.#backend),
      arrived: (fd) => this.#contain('backend', () => this.#backendArrived(fd)),
      failed: (error) => this.#doorFailed('backend-endpoint', error, this.#backend),
    });
    this.#gate = new Gate(config, hooks, this.#report, sockets, {
      opened: () => this.#doorOpened('frontend-endpoint', 'waiting-frontend', this.#frontend),
      arrived: (fd, peer) => this.#contain('frontend', () => this.#frontendArrived(fd, peer)),
      failed: (error) => this.#doorFailed('frontend-endpoint', error, this.#frontend),
    });
  }

  get status(): PortStatus {
    const abilities = this.#backend?.abilities;
    const { state, error, since, statistics } = this.#report;
    return {
      state,
      ...(abilities && { abilities }),
      ...this.#negotiation(),
      ...(error && { error }),
      since,
      statistics: { ...statistics },
    };
  }

  #negotiation(): Pick<PortStatus, 'ringSizes'> & Partial<PortStatus> {
    if (!this.#frontend) return { ringSizes: new Map() };
    const { session, context } = this.#frontend;
    return {
      mode: context.mode,
      peer: context.peer,
      offered: session.offered,
      ringSizes: session.ringSizes,
      ...(session.acked !== undefined && { acked: session.acked }),
      ...(session.ackedProtocol !== undefined && { ackedProtocol: session.ackedProtocol }),
      ...(session.queuePairs !== undefined && { queuePairs: session.queuePairs }),
    };
  }

  start(): void {
    if (this.#report.state === 'stopped') this.#seekBackend();
  }

  /** From now on sees each message that passes; without one nothing is spent on it. */
  setTap(tap: Tap | undefined): void {
    this.#tap = tap;
  }

  /** The pin, the default or the tables changed. A connected front-end keeps what it has. */
  reconsider(): void {
    if (this.#backend?.abilities && !this.#frontend) this.#gate.openOrRefuse(this.#backend.abilities);
  }

  /** Closes both sides and every descriptor. */
  async stop(): Promise<void> {
    this.#report.over();
    this.#backendDoor.close();
    this.#gate.close();
    this.#closeFrontend();
    this.#closeBackend();
    this.#report.enter('stopped');
  }

  /** A connection that cannot even be taken over (no memory, no descriptors) is this port's trouble alone. */
  #contain(kind: Trouble, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#report.fault(kind, error as Error);
      this.#gate.close();
      this.#closeFrontend();
      this.#closeBackend();
      this.#seekBackend();
    }
  }

  // The back-end

  #seekBackend(): void {
    const pause = this.#attempts === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (this.#attempts - 1), LONGEST_PAUSE_MS);
    this.#attempts += 1;
    this.#report.over('mode');
    this.#report.enter('waiting-backend');
    this.#backendDoor.open(pause);
  }

  #backendArrived(fd: OwnedFd): void {
    this.#backendDoor.hold(); // who else comes waits in the kernel's queue
    this.#report.statistics.backend_connects += 1;
    const link: BackendLink = BackendLink.toMeasure(
      fd,
      {
        what: this.#config.name,
        timeoutMs: this.#options.measureTimeoutMs ?? MEASURE_TIMEOUT_MS,
        asksQueues: this.#deafToQueues < MOST_DEAF,
        partialPatienceMs: this.#options.partialPatienceMs,
      },
      {
        measured: (abilities) => this.#measured(abilities),
        ended: (error) => this.#backendEnded(link, error),
      },
    );
    this.#backend = link;
    this.#report.enter('measuring');
    link.measure();
  }

  #measured(abilities: Abilities): void {
    if ('queue_pairs' in abilities.limits) this.#deafToQueues = 0;
    this.#report.over('backend');
    const virtio = formatMask(abilities.virtioFeatures);
    const protocol = formatMask(abilities.protocolFeatures);
    const { limits } = abilities;
    this.#report.tell('measured', `The back-end offers ${virtio}`, { virtio, protocol, limits });
    this.#gate.openOrRefuse(abilities);
  }

  #backendEnded(link: BackendLink, error: Error | undefined): void {
    if (this.#backend !== link) return;
    if (link.askedForQueues) this.#deafToQueues += 1;
    this.#backend = undefined;
    this.#gate.close();
    this.#closeFrontend();
    if (error) this.#report.fault('backend', error);
    else this.#report.tell('backend-lost', 'The back-end hung up', {});
    this.#seekBackend();
  }

  #closeBackend(): void {
    const link = this.#backend;
    this.#backend = undefined;
    link?.close();
  }

  // The front-end

  #frontendArrived(fd: OwnedFd, peer: PeerIdentity): void {
    this.#frontend?.readNow(); // has the first one gone already?
    if ((this.#frontend?.silentMs ?? 0) >= SILENCE_MS) this.#replaceSilent(peer);
    if (this.#frontend) {
      this.#gate.sendAway(fd, peer, this.#frontend.context.peer);
      return;
    }
    const abilities = this.#backend?.abilities;
    if (!abilities) {
      fd.close();
      return;
    }
    const mode = this.#gate.admit(fd, peer, abilities);
    if (mode) this.#connectFrontend(fd, this.#context(mode, abilities, peer));
  }

  #context(mode: Entry, abilities: Abilities, peer: PeerIdentity): ExchangeContext {
    const { statistics, atStep } = { statistics: this.#report.statistics, atStep: this.#options.atStep };
    return { interface: this.#config.name, mode, abilities, peer, statistics, tap: () => this.#tap, atStep };
  }

  #connectFrontend(fd: OwnedFd, context: ExchangeContext): void {
    const backend = this.#backend;
    if (!backend) throw new Error('Cannot connect a front-end without a back-end');
    this.#report.statistics.frontend_connects += 1;
    const { keep, partialPatienceMs } = this.#options;
    const kept = { keep, identity: identityOf(this.#config), partialPatienceMs };
    let link: FrontendLink;
    try {
      link = FrontendLink.connect(
        fd,
        backend,
        context,
        kept,
        this.#frontendEvents(() => link),
      );
    } catch (error) {
      // The back-end was told nothing of this front-end: it stays, as one that hangs up would change what it offers.
      this.#report.fault('frontend', error as Error);
      backend.takeBack(backend.owed);
      this.#gate.openOrRefuse(context.abilities, LONGEST_PAUSE_MS);
      return;
    }
    this.#frontend = link;
    const { version } = context.mode;
    const { pid } = context.peer;
    this.#report.tell('frontend-connected', `Front-end process ${pid} connected and is offered version ${version}`, {
      version,
      pid,
      offered: formatMask(link.session.offered),
    });
    this.#report.enter('connected');
  }

  #frontendEvents(link: () => FrontendLink): FrontendLinkEvents {
    return {
      changed: () => this.#report.changed(),
      event: (event) => this.#report.event(event),
      negotiated: (event) => this.#negotiated(event),
      refused: (error, close, learned) => {
        if (learned) this.#backend?.learn(learned);
        this.#refusedInSession(link(), error, close);
      },
      keepFailed: (error) => this.#report.notKept('VC-KEEP', error.message),
      ended: (error) => this.#frontendEnded(link(), error),
    };
  }

  /** Goes on with connections that an earlier process had. When that cannot be done it closes them and begins anew. */
  resume(kept: KeptConnection): void {
    const { head, record, id, journal, keep } = kept;
    const name = this.#config.name;
    const backend: BackendLink = BackendLink.measured(kept.backend, name, head.abilities, {
      measured: () => {},
      ended: (error) => this.#backendEnded(backend, error),
    });
    this.#backend = backend;
    const context = this.#context(head.mode, head.abilities, head.peer);
    const link: FrontendLink = FrontendLink.resume(
      kept.frontend,
      backend,
      context,
      { keep, id, journal, record },
      this.#frontendEvents(() => link),
    );
    this.#frontend = link;
    this.#report.enter(record.state.acked === undefined ? 'connected' : 'negotiated');
    this.#report.tell('resumed', `The connections of ${name} go on`, {
      version: head.mode.version,
      pid: head.peer.pid,
    });
    if (this.#config.backend.role === 'listen') this.#backendDoor.open();
    this.#gate.openForOthers();
    try {
      link.goOn(record);
    } catch (error) {
      this.#gate.close();
      this.#report.fault('frontend', error as Error);
      this.#closeFrontend();
      this.#closeBackend();
      this.#seekBackend();
    }
  }

  /** Lets go of everything without ending it: the keeper has it, and the next process goes on. */
  leave(): void {
    this.#backendDoor.close();
    this.#gate.close();
    const [frontend, backend] = [this.#frontend, this.#backend];
    this.#frontend = undefined;
    this.#backend = undefined;
    if (frontend?.isKept) {
      frontend.leave();
      backend?.leave();
    } else {
      frontend?.close();
      backend?.close();
    }
    this.#report.enter('stopped');
  }

  #negotiated(event: PortEvent): void {
    this.#attempts = 0;
    this.#report.over('frontend');
    this.#report.event(event);
    this.#report.enter('negotiated');
    const link = this.#frontend;
    if (!link?.isKept && ((link?.session.acked ?? 0n) & RING_PACKED) !== 0n) this.#report.notKept('VC-KEEP-PACKED', '');
  }

  /** Whoever connects and says nothing makes room for somebody who may. */
  #replaceSilent(peer: PeerIdentity): void {
    const { pid } = this.#frontend?.context.peer ?? peer;
    const text = `Front-end process ${pid} said nothing until process ${peer.pid} connected; it was sent away`;
    this.#report.busy(text, { pid, frontend: peer.pid });
    const [touched, owed] = [this.#frontend?.touchedBackend, this.#frontend?.owed];
    this.#closeFrontend();
    if (touched) this.#beginAnew();
    else this.#backend?.takeBack(owed ?? []);
  }

  /** What the back-end was told belongs to a front-end that is gone: it has to forget all of it. */
  #beginAnew(): void {
    this.#gate.close();
    this.#closeBackend();
    this.#seekBackend();
  }

  #refusedInSession(link: FrontendLink, error: CompatError, close: boolean): void {
    this.#report.trouble('frontend', error);
    this.#report.refusal(error);
    if (close) link.close();
    else this.#report.changed();
  }

  #frontendEnded(link: FrontendLink, error: Error | undefined): void {
    if (this.#frontend !== link) return;
    this.#frontend = undefined;
    if (error) this.#report.fault('frontend', error);
    else this.#report.tell('frontend-left', 'The front-end is gone', {});
    const abilities = this.#backend?.abilities;
    if (link.touchedBackend || !this.#backend || !abilities) {
      this.#beginAnew();
      return;
    }
    this.#backend.takeBack(link.owed);
    this.#report.enter('waiting-frontend');
    this.#gate.openOrRefuse(abilities, FIRST_PAUSE_MS);
  }

  #closeFrontend(): void {
    const link = this.#frontend;
    this.#frontend = undefined;
    link?.close();
  }

  // Telling

  #doorOpened(which: DoorTrouble, state: PortState, served: BackendLink | FrontendLink | undefined): void {
    this.#report.over(which);
    if (!served) this.#report.enter(state);
    else this.#report.changed();
    if (served && served === this.#backend) this.#backendDoor.hold();
  }

  /** Nobody can come; for who is connected already nothing changes. */
  #doorFailed(which: DoorTrouble, error: CompatError, served: BackendLink | FrontendLink | undefined): void {
    this.#report.endpoint(which, error);
    if (!served) this.#report.enter('error');
    else this.#report.changed();
  }
}

/** What of a port's configuration the next process has to know. */
function identityOf({ name, deviceType, frontend, backend, socketGroup }: PortConfig): Identity {
  return {
    ...{ name, deviceType, frontend: formatEndpoint(frontend), backend: formatEndpoint(backend) },
    ...(socketGroup !== undefined && { socketGroup }),
  };
}
