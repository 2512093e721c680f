import { CompatError } from '../../compat-tables/errors.ts';
import { formatMask } from '../../compat-tables/mask.ts';
import type { Abilities } from '../../compat-tables/types.ts';
import { Door } from '../fd/door.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import type { PeerIdentity } from '../fd/peer.ts';
import { BackendLink, type VhostMessage } from './backend-link.ts';
import { asCompatError } from './errors.ts';
import { FrontendLink } from './frontend-link.ts';
import { owedReplies } from './session.ts';
import {
  type ModeDecision,
  noStatistics,
  type PortConfig,
  type PortEvent,
  type PortHooks,
  type PortOptions,
  type PortState,
  type PortStatus,
  type Statistics,
} from './status.ts';

const MEASURE_TIMEOUT_MS = 5000;
/** Before a new beginning: none at first, then doubled from the first pause up to the longest, until features are acked. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** Before we connect again to a front-end that was refused: connecting and hanging up is not free for it. */
const REFUSED_PAUSE_MS = 5000;

/** Where an error came from decides what makes it a thing of the past. */
type Trouble = 'endpoint' | 'backend' | 'mode' | 'frontend';

/**
 * One interface: a back-end, a front-end, and what passes between them. The back-end comes first and is measured; only
 * then, and only if a mode may be offered, does the front-end's door open; when one side ends the other is closed. Nothing
 * that happens here disturbs another port.
 */
export class Port {
  readonly #config: PortConfig;
  readonly #hooks: PortHooks;
  readonly #measureTimeoutMs: number;
  readonly #backendDoor: Door;
  readonly #frontendDoor: Door;
  readonly #statistics: Statistics = noStatistics();
  readonly #troubles = new Map<Trouble, CompatError>();
  #state: PortState = 'stopped';
  #since = Date.now();
  #backend: BackendLink | undefined;
  #frontend: FrontendLink | undefined;
  /** New beginnings since features were last acked. */
  #attempts = 0;

  constructor(config: PortConfig, hooks: PortHooks, options: PortOptions = {}) {
    this.#config = config;
    this.#hooks = hooks;
    this.#measureTimeoutMs = options.measureTimeoutMs ?? MEASURE_TIMEOUT_MS;
    const sockets = {
      ...(config.socketMode === undefined ? {} : { mode: config.socketMode }),
      ...(config.socketGroup === undefined ? {} : { group: config.socketGroup }),
    };
    this.#backendDoor = new Door(config.backend, sockets, {
      opened: () => this.#doorOpened('waiting-backend', this.#backend),
      arrived: (fd) => this.#contain('backend', 'back-end', () => this.#backendArrived(fd)),
      failed: (error) => this.#doorFailed(error),
    });
    this.#frontendDoor = new Door(config.frontend, sockets, {
      opened: () => this.#doorOpened('waiting-frontend', this.#frontend),
      arrived: (fd, peer) => this.#contain('frontend', 'front-end', () => this.#frontendArrived(fd, peer)),
      failed: (error) => this.#doorFailed(error),
    });
  }

  get status(): PortStatus {
    const abilities = this.#backend?.abilities;
    const error = [...this.#troubles.values()].at(-1);
    return {
      state: this.#state,
      ...(abilities && { abilities }),
      ...this.#negotiation(),
      ...(error && { error }),
      since: this.#since,
      statistics: { ...this.#statistics },
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
    if (this.#state === 'stopped') this.#seekBackend();
  }

  /** The pin, the default or the tables changed. A connected front-end keeps what it has. */
  reconsider(): void {
    if (this.#backend?.abilities && !this.#frontend) this.#openOrRefuse(this.#backend.abilities);
  }

  /** Closes both sides and every descriptor. */
  async stop(): Promise<void> {
    this.#troubles.clear();
    this.#backendDoor.close();
    this.#frontendDoor.close();
    this.#closeFrontend();
    this.#closeBackend();
    this.#enter('stopped');
  }

  /** A connection that cannot even be taken over (no memory, no descriptors) is this port's trouble alone. */
  #contain(kind: Trouble, side: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fault(kind, side, error as Error);
      this.#frontendDoor.close();
      this.#closeFrontend();
      this.#closeBackend();
      this.#seekBackend();
    }
  }

  // The back-end

  #seekBackend(): void {
    const pause = this.#attempts === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (this.#attempts - 1), LONGEST_PAUSE_MS);
    this.#attempts += 1;
    this.#troubles.delete('mode');
    this.#enter('waiting-backend');
    this.#backendDoor.open(pause);
  }

  #backendArrived(fd: OwnedFd): void {
    this.#backendDoor.hold(); // who else comes waits in the kernel's queue
    this.#statistics.backend_connects += 1;
    const link: BackendLink = new BackendLink(
      fd,
      { what: this.#config.name, timeoutMs: this.#measureTimeoutMs },
      {
        measured: (abilities) => this.#measured(abilities),
        reply: (message) => this.#fromBackend(message),
        backlog: () => this.#flow(),
        ended: (error) => this.#backendEnded(link, error),
      },
    );
    this.#backend = link;
    this.#enter('measuring');
    link.measure();
  }

  #measured(abilities: Abilities): void {
    this.#troubles.delete('backend');
    const virtio = formatMask(abilities.virtioFeatures);
    const protocol = formatMask(abilities.protocolFeatures);
    const { limits } = abilities;
    this.#tell('measured', `The back-end offers ${virtio}`, { virtio, protocol, limits });
    this.#openOrRefuse(abilities);
  }

  #fromBackend(message: VhostMessage): boolean {
    const frontend = this.#frontend;
    frontend?.reply(message);
    return frontend !== undefined;
  }

  #backendEnded(link: BackendLink, error: Error | undefined): void {
    if (this.#backend !== link) return;
    this.#backend = undefined;
    this.#frontendDoor.close();
    this.#closeFrontend();
    if (error) this.#fault('backend', 'back-end', error);
    else this.#tell('backend-lost', 'The back-end hung up', {});
    this.#seekBackend();
  }

  #closeBackend(): void {
    const link = this.#backend;
    this.#backend = undefined;
    link?.close();
  }

  // The front-end

  #openOrRefuse(abilities: Abilities, delayMs = 0): void {
    const decision = this.#decide(abilities, undefined);
    if ('mode' in decision) {
      this.#troubles.delete('mode');
      this.#frontendDoor.open(delayMs);
      this.#hooks.changed();
      return;
    }
    const known = this.#troubles.get('mode')?.message === decision.refused.message;
    this.#frontendDoor.close();
    this.#trouble('mode', decision.refused);
    if (!known) this.#refusal(decision.refused);
    this.#enter('refused');
  }

  #decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    try {
      return this.#hooks.decide(abilities, peer);
    } catch (error) {
      const text = `Cannot choose a mode for ${this.#config.name}: ${(error as Error).message}`;
      return { refused: new CompatError('VC-INTERNAL', text, { interface: this.#config.name }, { cause: error }) };
    }
  }

  #frontendArrived(fd: OwnedFd, peer: PeerIdentity): void {
    this.#frontend?.readNow(); // has the first one gone already?
    if (this.#frontend) {
      this.#sendAway(fd, peer);
      return;
    }
    const abilities = this.#backend?.abilities;
    if (!abilities) {
      fd.close();
      return;
    }
    const decision = this.#decide(abilities, peer);
    if ('refused' in decision) {
      fd.close();
      this.#trouble('frontend', decision.refused);
      this.#refusal(decision.refused);
      if (this.#config.frontend.role === 'connect') this.#frontendDoor.open(REFUSED_PAUSE_MS);
      this.#hooks.changed();
      return;
    }
    this.#connectFrontend(fd, {
      interface: this.#config.name,
      mode: decision.mode,
      abilities,
      peer,
      statistics: this.#statistics,
    });
  }

  #connectFrontend(fd: OwnedFd, context: FrontendLink['context']): void {
    this.#statistics.frontend_connects += 1;
    const link = new FrontendLink(fd, context, {
      toBackend: (message) => this.#backend?.send(message),
      changed: () => this.#hooks.changed(),
      event: (event) => this.#negotiated(event),
      refused: (error, close) => this.#refusedInSession(link, error, close),
      backlog: () => this.#flow(),
      ended: (error) => this.#frontendEnded(link, error),
    });
    this.#frontend = link;
    const { version } = context.mode;
    const { pid } = context.peer;
    this.#tell('frontend-connected', `Front-end process ${pid} connected and is offered version ${version}`, {
      version,
      pid,
      offered: formatMask(link.session.offered),
    });
    this.#enter('connected');
  }

  #negotiated(event: PortEvent): void {
    this.#attempts = 0;
    this.#troubles.delete('frontend');
    this.#hooks.event(event);
    this.#enter('negotiated');
  }

  #sendAway(fd: OwnedFd, peer: PeerIdentity): void {
    fd.close();
    this.#statistics.frontend_busy += 1;
    const first = this.#frontend?.context.peer.pid;
    const text = `Process ${peer.pid} connected while process ${first} is the front-end; it was sent away`;
    this.#hooks.event({ kind: 'busy', code: 'VC-FRONTEND-BUSY', text, details: { pid: peer.pid, frontend: first } });
    this.#hooks.changed();
  }

  #refusedInSession(link: FrontendLink, error: CompatError, close: boolean): void {
    this.#trouble('frontend', error);
    this.#refusal(error);
    if (close) link.close();
    else this.#hooks.changed();
  }

  #frontendEnded(link: FrontendLink, error: Error | undefined): void {
    if (this.#frontend !== link) return;
    this.#frontend = undefined;
    if (error) this.#fault('frontend', 'front-end', error);
    else this.#tell('frontend-left', 'The front-end is gone', {});
    const abilities = this.#backend?.abilities;
    if (link.session.relayed || !this.#backend || !abilities || this.#backend.queued > 0) {
      // What the back-end was told belongs to the one that is gone: it has to forget all of it.
      this.#frontendDoor.close();
      this.#closeBackend();
      this.#seekBackend();
      return;
    }
    this.#backend.swallow(owedReplies(link.session));
    this.#flow();
    this.#enter('waiting-frontend');
    this.#openOrRefuse(abilities, FIRST_PAUSE_MS);
  }

  #closeFrontend(): void {
    const link = this.#frontend;
    this.#frontend = undefined;
    link?.close();
  }

  /** Whoever has not taken what waits for it stops those who would add to it. */
  #flow(): void {
    const frontendWaits = (this.#frontend?.queued ?? 0) > 0;
    const backendWaits = (this.#backend?.queued ?? 0) > 0;
    this.#backend?.pause(frontendWaits);
    this.#frontend?.pause(frontendWaits || backendWaits);
  }

  // Telling

  #doorOpened(state: PortState, served: BackendLink | FrontendLink | undefined): void {
    this.#troubles.delete('endpoint');
    if (!served) this.#enter(state);
  }

  #doorFailed(error: CompatError): void {
    this.#trouble('endpoint', error);
    this.#hooks.event({ kind: 'endpoint', code: error.code, text: error.message, details: error.details });
    this.#enter('error');
  }

  /** The latest trouble is the one that is shown. */
  #trouble(kind: Trouble, error: CompatError): void {
    this.#troubles.delete(kind);
    this.#troubles.set(kind, error);
  }

  #fault(kind: Trouble, side: string, error: Error): void {
    const known = asCompatError(error, { interface: this.#config.name, side });
    this.#statistics.faults += 1;
    this.#trouble(kind, known);
    this.#hooks.event({ kind: 'fault', code: known.code, text: known.message, details: { ...known.details, side } });
  }

  #refusal(error: CompatError): void {
    this.#statistics.refusals += 1;
    this.#hooks.event({ kind: 'refused', code: error.code, text: error.message, details: error.details });
  }

  #tell(kind: PortEvent['kind'], text: string, details: PortEvent['details']): void {
    this.#hooks.event({ kind, text, details });
  }

  #enter(state: PortState): void {
    if (this.#state !== state) this.#since = Date.now();
    this.#state = state;
    this.#hooks.changed();
  }
}
