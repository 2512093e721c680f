import { formatMask } from '../../../compat-tables/bits/mask.ts';
import { RING_PACKED } from '../../../compat-tables/bits/named-masks.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { formatEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import { ForeignDescriptorError, type OwnedFd } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { TraceListener } from '../../vhost/trace-line.ts';
import type { ResumedConnection } from '../handover/resumed-connection.ts';
import { type BackendLink, openChannel } from '../link/backend-link.ts';
import type { ExchangeContext } from '../link/exchange.ts';
import { FrontendLink, type FrontendLinkEvents, type Identity } from '../link/frontend-link.ts';
import { beginSession } from '../session/session.ts';
import { BackendReconnect } from './backend-reconnect.ts';
import { FrontendSocket, makesRoom } from './frontend-socket.ts';
import { PortReporter, type ProblemSource } from './port-reporter.ts';
import type { PortConfig, PortEvent, PortHooks, PortOptions, PortStatus } from './port-status.ts';
import { whenBackendEnds, whenFrontendEnds } from './what-was-going-on.ts';

/** The pause before a connection that could not be taken over is tried again. */
const TAKEOVER_PAUSE_MS = 1000;
/** The pause before the next front-end, when one has left that said nothing but questions. */
const NEXT_FRONTEND_PAUSE_MS = 100;

/**
 * One interface: a back-end, a front-end, and what passes between them. The back-end comes first and is measured; only
 * then, and only if a mode may be offered, does the front-end's socket open; when one side ends the other is closed. Nothing
 * that happens here disturbs another port.
 */
export class Port {
  readonly #config: PortConfig;
  readonly #hooks: PortHooks;
  readonly #reporter: PortReporter;
  readonly #options: PortOptions;
  readonly #backend: BackendReconnect;
  readonly #socket: FrontendSocket;
  #frontend: FrontendLink | undefined;
  /** Is told of each message that passes; without one no record of messages is built. */
  traceListener: TraceListener | undefined;

  constructor(config: PortConfig, hooks: PortHooks, options: PortOptions = {}) {
    this.#config = config;
    this.#hooks = hooks;
    this.#options = options;
    const reporter = new PortReporter(config.name, hooks);
    this.#reporter = reporter;
    this.#backend = new BackendReconnect(config, options, reporter, {
      arrived: (work) => this.#contain('backend', work),
      measured: (abilities) => this.#socket.openOrRefuse(abilities),
      ended: (error) => this.#backendEnded(error),
      vanished: () => this.#beginAnew(),
    });
    this.#socket = new FrontendSocket(config, hooks, reporter, {
      opened: () => reporter.endpointOpened('frontend-endpoint', 'waiting-frontend', this.#frontend !== undefined),
      arrived: (fd, peer) => this.#contain('frontend', () => this.#frontendArrived(fd, peer)),
      failed: (error) => reporter.endpointFailed('frontend-endpoint', error, this.#frontend !== undefined),
    });
  }

  get status(): PortStatus {
    const { state, error, since, statistics } = this.#reporter;
    const session = this.#frontend?.session;
    return {
      ...{ state, error, since, statistics: { ...statistics } },
      waitingFor: state === 'waiting-backend' ? this.#backend.waitingFor : undefined,
      abilities: this.#backend.link?.abilities,
      mode: this.#frontend?.context.mode,
      peer: this.peer,
      offered: session?.offered,
      acked: session?.acked,
      ackedProtocol: session?.ackedProtocol,
      queuePairs: session?.queuePairs,
      memoryRegions: session?.memoryRegions,
      ringSizes: session?.ringSizes ?? new Map(),
    };
  }

  /** The connected front-end. */
  get peer(): PeerIdentity | undefined {
    return this.#frontend?.context.peer;
  }

  start(): void {
    if (this.#reporter.state === 'stopped') this.#backend.seek();
  }

  /** The pin, the default or the tables changed. A connected front-end keeps what it has. */
  reconsider(): void {
    const abilities = this.#backend.link?.abilities;
    if (abilities && !this.#frontend) this.#socket.openOrRefuse(abilities);
  }

  /** Closes both sides and every descriptor. */
  async stop(): Promise<void> {
    const backend = this.#backend.stop();
    this.#socket.close();
    this.#closeFrontend();
    backend?.close();
    this.#reporter.stopped();
  }

  /** A connection that cannot even be taken over (no memory, no descriptors) is this port's problem alone. */
  #contain(kind: ProblemSource, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#reporter.fault(kind, error as Error);
      this.#beginAnew();
    }
  }

  #backendEnded(error: Error | undefined): void {
    const { text, details } = whenBackendEnds(this.#frontend?.outstanding);
    if (error) this.#reporter.fault('backend', error, details);
    else this.#reporter.notify('backend-lost', text, details);
    this.#beginAnew();
  }

  // The front-end

  #frontendArrived(fd: OwnedFd, peer: PeerIdentity): void {
    this.#frontend?.readNow(); // the first one may have gone already
    if (makesRoom(this.#frontend?.silentMs)) this.#replaceSilent(peer);
    if (this.#frontend) {
      this.#socket.sendAway(fd, peer, this.#frontend.context.peer);
      return;
    }
    const backend = this.#backend.link;
    if (!backend?.abilities) {
      fd.close();
      return;
    }
    const mode = this.#socket.admit(fd, peer, backend.abilities);
    if (mode) this.#connectFrontend(fd, backend, this.#context(mode, backend.abilities, peer));
  }

  #context(mode: Entry, abilities: Abilities, peer: PeerIdentity): ExchangeContext {
    const { name } = this.#config;
    const { statistics } = this.#reporter;
    const { atStep } = this.#options;
    return { interface: name, mode, abilities, peer, statistics, traceListener: () => this.traceListener, atStep };
  }

  #connectFrontend(fd: OwnedFd, backend: BackendLink, context: ExchangeContext): void {
    this.#reporter.statistics.frontend_connects += 1;
    const { handover, partialPatienceMs } = this.#options;
    const state = beginSession(context, context.abilities, backend.owed);
    let link: FrontendLink;
    try {
      link = new FrontendLink(openChannel(fd, partialPatienceMs), backend, context, state, this.#heard);
      link.begin(handover, identityOf(this.#config));
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
    const text = `Front-end process ${pid} connected and is offered version ${version}`;
    this.#reporter.notify('frontend-connected', text, { version, pid, offered: formatMask(link.session.offered) });
    this.#reporter.enterState('connected');
  }

  readonly #heard: FrontendLinkEvents = {
    changed: () => this.#reporter.changed(),
    event: (event) => this.#reporter.event(event),
    negotiated: (event) => this.#negotiated(event),
    refused: (error) => this.#reporter.refused(error),
    changedHands: (peer) => this.#changedHands(peer),
    storeFailed: (error) => this.#reporter.notKept('VC-KEEP', error.message),
    ended: (link, error) => this.#frontendEnded(link, error),
  };

  /** Goes on with connections that an earlier process had. When that cannot be done it closes them and begins anew. */
  resume(left: ResumedConnection): void {
    const { mode, abilities, peer } = left.head;
    const { state } = left.record;
    const backend = this.#backend.resume(left.backend, abilities);
    const context = this.#context(mode, abilities, peer);
    this.#frontend = new FrontendLink(left.frontend, backend, context, state, this.#heard);
    this.#reporter.enterState(state.acked === undefined ? 'connected' : 'negotiated');
    const text = `The connections of ${this.#config.name} go on`;
    this.#reporter.notify('resumed', text, { version: mode.version, pid: peer.pid });
    this.#socket.openForOthers();
    const link = this.#frontend;
    this.#contain('frontend', () => link.goOn(left));
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

  /** Closes both sides and looks for a back-end: one that a front-end told something forgets it with its connection. */
  #beginAnew(): void {
    this.#socket.close();
    this.#closeFrontend();
    this.#backend.startOver();
  }

  #frontendEnded(link: FrontendLink, error: Error | undefined): void {
    if (this.#frontend !== link) return;
    this.#frontend = undefined;
    const { text, details } = whenFrontendEnds(link.outstanding);
    if (error) this.#frontendFault(error, details);
    else this.#reporter.notify('frontend-left', text, details);
    const backend = this.#backend.link;
    if (link.touchedBackend || !backend?.abilities) {
      this.#beginAnew();
      return;
    }
    backend.takeBack(link.owed);
    this.#reporter.enterState('waiting-frontend');
    this.#socket.openOrRefuse(backend.abilities, NEXT_FRONTEND_PAUSE_MS);
  }

  /** The mode goes with the connection: the process that has it now gets it again, too. */
  #changedHands(peer: PeerIdentity): void {
    const { mode, peer: first } = this.#frontend?.context ?? {};
    if (!mode || !first) return;
    this.#hooks.joined?.(mode, peer);
    const text = `Process ${peer.pid} has the connection of front-end process ${first.pid} now`;
    this.#reporter.notify('changed-hands', text, { version: mode.version, pid: peer.pid, before: first.pid });
  }

  /** One that sent what closes only when it likes comes again when it is closed. */
  #frontendFault(error: Error, details: PortEvent['details']): void {
    const known = this.#reporter.fault('frontend', error, details);
    if (error instanceof ForeignDescriptorError) this.#socket.holdBack(known, error.closed(), () => this.reconsider());
  }

  #closeFrontend(): void {
    const link = this.#frontend;
    this.#frontend = undefined;
    link?.close();
  }
}

/** The part of a port's configuration that the next process has to know. */
function identityOf({ name, deviceType, frontend, backend, socketGroup }: PortConfig): Identity {
  return { name, deviceType, frontend: formatEndpoint(frontend), backend: formatEndpoint(backend), socketGroup };
}
