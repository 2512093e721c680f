import { formatMask } from '../../../compat-tables/bits/mask.ts';
import { RING_PACKED } from '../../../compat-tables/bits/named-masks.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { formatEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { TraceListener } from '../../vhost/trace-line.ts';
import type { ResumedConnection } from '../handover/resumed-connection.ts';
import type { ExchangeContext } from '../link/exchange.ts';
import { FrontendLink, type FrontendLinkEvents, type Identity } from '../link/frontend-link.ts';
import { BackendReconnect } from './backend-reconnect.ts';
import { FrontendSocket } from './frontend-socket.ts';
import { PortReporter, type ProblemSource } from './port-reporter.ts';
import type { PortConfig, PortEvent, PortHooks, PortOptions, PortStatus } from './port-status.ts';

/** The pause before a connection that could not be taken over is tried again. */
const TAKEOVER_PAUSE_MS = 1000;
/** The pause before the next front-end, when one has left that said nothing but questions. */
const NEXT_FRONTEND_PAUSE_MS = 100;
/** A front-end asks for features as soon as it is connected; one that is silent for so long makes room for another. */
const SILENCE_MS = 1000;

/**
 * One interface: a back-end, a front-end, and what passes between them. The back-end comes first and is measured; only
 * then, and only if a mode may be offered, does the front-end's socket open; when one side ends the other is closed. Nothing
 * that happens here disturbs another port.
 */
export class Port {
  readonly #config: PortConfig;
  readonly #reporter: PortReporter;
  readonly #options: PortOptions;
  readonly #backend: BackendReconnect;
  readonly #socket: FrontendSocket;
  #frontend: FrontendLink | undefined;
  #traceListener: TraceListener | undefined;

  constructor(config: PortConfig, hooks: PortHooks, options: PortOptions = {}) {
    this.#config = config;
    this.#reporter = new PortReporter(config.name, hooks);
    this.#options = options;
    const sockets = {
      ...(config.socketMode === undefined ? {} : { mode: config.socketMode }),
      ...(config.socketGroup === undefined ? {} : { group: config.socketGroup }),
    };
    const reporter = this.#reporter;
    this.#backend = new BackendReconnect(config, options, sockets, reporter, {
      arrived: (work) => this.#contain('backend', work),
      measured: (abilities) => this.#socket.openOrRefuse(abilities),
      ended: (error) => this.#backendEnded(error),
    });
    this.#socket = new FrontendSocket(config, hooks, reporter, sockets, {
      opened: () => reporter.endpointOpened('frontend-endpoint', 'waiting-frontend', this.#frontend !== undefined),
      arrived: (fd, peer) => this.#contain('frontend', () => this.#frontendArrived(fd, peer)),
      failed: (error) => reporter.endpointFailed('frontend-endpoint', error, this.#frontend !== undefined),
    });
  }

  get status(): PortStatus {
    const abilities = this.#backend.link?.abilities;
    const { state, error, since, statistics } = this.#reporter;
    const waitingFor = state === 'waiting-backend' ? this.#backend.waitingFor : undefined;
    return {
      state,
      ...(waitingFor !== undefined && { waitingFor }),
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
    if (this.#reporter.state === 'stopped') this.#backend.seek();
  }

  /** The listener is told of each message that passes; without one no record of messages is built. */
  setTraceListener(listener: TraceListener | undefined): void {
    this.#traceListener = listener;
  }

  /** The pin, the default or the tables changed. A connected front-end keeps what it has. */
  reconsider(): void {
    const abilities = this.#backend.link?.abilities;
    if (abilities && !this.#frontend) this.#socket.openOrRefuse(abilities);
  }

  /** Closes both sides and every descriptor. */
  async stop(): Promise<void> {
    this.#reporter.solved();
    const backend = this.#backend.stop();
    this.#socket.close();
    this.#closeFrontend();
    backend?.close();
    this.#reporter.enterState('stopped');
  }

  /** A connection that cannot even be taken over (no memory, no descriptors) is this port's problem alone. */
  #contain(kind: ProblemSource, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#reporter.fault(kind, error as Error);
      this.#socket.close();
      this.#closeFrontend();
      this.#backend.hangUp();
      this.#backend.seek();
    }
  }

  #backendEnded(error: Error | undefined): void {
    this.#socket.close();
    this.#closeFrontend();
    if (error) this.#reporter.fault('backend', error);
    else this.#reporter.notify('backend-lost', 'The back-end hung up', {});
    this.#backend.seek();
  }

  // The front-end

  #frontendArrived(fd: OwnedFd, peer: PeerIdentity): void {
    this.#frontend?.readNow(); // the first one may have gone already
    if ((this.#frontend?.silentMs ?? 0) >= SILENCE_MS) this.#replaceSilent(peer);
    if (this.#frontend) {
      this.#socket.sendAway(fd, peer, this.#frontend.context.peer);
      return;
    }
    const abilities = this.#backend.link?.abilities;
    if (!abilities) {
      fd.close();
      return;
    }
    const mode = this.#socket.admit(fd, peer, abilities);
    if (mode) this.#connectFrontend(fd, this.#context(mode, abilities, peer));
  }

  #context(mode: Entry, abilities: Abilities, peer: PeerIdentity): ExchangeContext {
    const { name } = this.#config;
    const { statistics } = this.#reporter;
    const { atStep } = this.#options;
    return { interface: name, mode, abilities, peer, statistics, traceListener: () => this.#traceListener, atStep };
  }

  #connectFrontend(fd: OwnedFd, context: ExchangeContext): void {
    const backend = this.#backend.link;
    if (!backend) throw new Error('Cannot connect a front-end without a back-end');
    this.#reporter.statistics.frontend_connects += 1;
    const { handover, partialPatienceMs } = this.#options;
    const options = { handover, identity: identityOf(this.#config), partialPatienceMs };
    let link: FrontendLink;
    try {
      link = FrontendLink.connect(
        fd,
        backend,
        context,
        options,
        this.#frontendEvents(() => link),
      );
    } catch (error) {
      // The back-end was told nothing of this front-end: it stays, as one that hangs up would change what it offers.
      this.#reporter.fault('frontend', error as Error);
      backend.takeBack(backend.owed);
      this.#socket.openOrRefuse(context.abilities, TAKEOVER_PAUSE_MS);
      return;
    }
    this.#frontend = link;
    const { version } = context.mode;
    const { pid } = context.peer;
    this.#reporter.notify(
      'frontend-connected',
      `Front-end process ${pid} connected and is offered version ${version}`,
      {
        version,
        pid,
        offered: formatMask(link.session.offered),
      },
    );
    this.#reporter.enterState('connected');
  }

  #frontendEvents(link: () => FrontendLink): FrontendLinkEvents {
    return {
      changed: () => this.#reporter.changed(),
      event: (event) => this.#reporter.event(event),
      negotiated: (event) => this.#negotiated(event),
      refused: (error, close, learned) => {
        if (learned) this.#backend.link?.learn(learned);
        this.#refusedInSession(link(), error, close);
      },
      storeFailed: (error) => this.#reporter.notKept('VC-KEEP', error.message),
      ended: (error) => this.#frontendEnded(link(), error),
    };
  }

  /** Goes on with connections that an earlier process had. When that cannot be done it closes them and begins anew. */
  resume(left: ResumedConnection): void {
    const { head, record, id, journal, handover } = left;
    const name = this.#config.name;
    const backend = this.#backend.resume(left.backend, head.abilities);
    const context = this.#context(head.mode, head.abilities, head.peer);
    const link: FrontendLink = FrontendLink.resume(
      left.frontend,
      backend,
      context,
      { handover, id, journal, record },
      this.#frontendEvents(() => link),
    );
    this.#frontend = link;
    this.#reporter.enterState(record.state.acked === undefined ? 'connected' : 'negotiated');
    this.#reporter.notify('resumed', `The connections of ${name} go on`, {
      version: head.mode.version,
      pid: head.peer.pid,
    });
    this.#backend.listen();
    this.#socket.openForOthers();
    try {
      link.goOn(record);
    } catch (error) {
      this.#socket.close();
      this.#reporter.fault('frontend', error as Error);
      this.#closeFrontend();
      this.#backend.hangUp();
      this.#backend.seek();
    }
  }

  /** Leaves the stored connections to the next process, and closes the others. */
  leave(): void {
    const backend = this.#backend.stop();
    this.#socket.close();
    const frontend = this.#frontend;
    this.#frontend = undefined;
    if (frontend?.isStored) {
      frontend.leave();
      backend?.leave();
    } else {
      frontend?.close();
      backend?.close();
    }
    this.#reporter.enterState('stopped');
  }

  #negotiated(event: PortEvent): void {
    this.#backend.succeeded();
    this.#reporter.solved('frontend');
    this.#reporter.event(event);
    this.#reporter.enterState('negotiated');
    const link = this.#frontend;
    if (!link?.isStored && ((link?.session.acked ?? 0n) & RING_PACKED) !== 0n)
      this.#reporter.notKept('VC-KEEP-PACKED', '');
  }

  /** A front-end that connects and says nothing makes room for one that may. */
  #replaceSilent(peer: PeerIdentity): void {
    const { pid } = this.#frontend?.context.peer ?? peer;
    const text = `Front-end process ${pid} said nothing until process ${peer.pid} connected; it was sent away`;
    this.#reporter.busy(text, { pid, frontend: peer.pid });
    const [touched, owed] = [this.#frontend?.touchedBackend, this.#frontend?.owed];
    this.#closeFrontend();
    if (touched) this.#beginAnew();
    else this.#backend.link?.takeBack(owed ?? []);
  }

  /** The back-end has to forget what a front-end that is gone told it: it gets a new connection. */
  #beginAnew(): void {
    this.#socket.close();
    this.#backend.hangUp();
    this.#backend.seek();
  }

  #refusedInSession(link: FrontendLink, error: CompatError, close: boolean): void {
    this.#reporter.problem('frontend', error);
    this.#reporter.refusal(error);
    if (close) link.close();
    else this.#reporter.changed();
  }

  #frontendEnded(link: FrontendLink, error: Error | undefined): void {
    if (this.#frontend !== link) return;
    this.#frontend = undefined;
    if (error) this.#reporter.fault('frontend', error);
    else this.#reporter.notify('frontend-left', 'The front-end is gone', {});
    const backend = this.#backend.link;
    if (link.touchedBackend || !backend?.abilities) {
      this.#beginAnew();
      return;
    }
    backend.takeBack(link.owed);
    this.#reporter.enterState('waiting-frontend');
    this.#socket.openOrRefuse(backend.abilities, NEXT_FRONTEND_PAUSE_MS);
  }

  #closeFrontend(): void {
    const link = this.#frontend;
    this.#frontend = undefined;
    link?.close();
  }
}

/** The part of a port's configuration that the next process has to know. */
function identityOf({ name, deviceType, frontend, backend, socketGroup }: PortConfig): Identity {
  return {
    ...{ name, deviceType, frontend: formatEndpoint(frontend), backend: formatEndpoint(backend) },
    ...(socketGroup !== undefined && { socketGroup }),
  };
}
