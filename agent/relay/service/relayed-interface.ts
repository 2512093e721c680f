import { shortened } from '../../../base/text.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { formatEndpoint, parseEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { InterfaceFacts } from '../../orders/facts.ts';
import type { InterfaceOrder, StickyMode } from '../../orders/orders.ts';
import type { TraceListener } from '../../vhost/trace-line.ts';
import { type Intent, modeFor, nextStart, notOrderedYet, sameAgain } from '../mode/choose-version.ts';
import { StickyModes } from '../mode/sticky-modes.ts';
import { Port } from '../port/port.ts';
import { type ModeDecision, noStatistics, type PortEvent, type PortHooks } from '../port/port-status.ts';
import type { KeeperLink } from './resumed-ports.ts';
import { haveCommon, type SocketPlaces, socketPlacesOf } from './socket-places.ts';

/** What an interface needs from the relay process. */
export interface RelaySurroundings {
  /** Numeric group of the socket files. */
  readonly socketGroup: number | undefined;
  /** The versions that can be had, the most preferred first; undefined: none were ordered yet. */
  entries(): readonly Entry[] | undefined;
  hostDefault(): string | undefined;
  /** Its facts are others than before. */
  changed(id: string): void;
  event(name: string, event: PortEvent): void;
  /** Writes down the order and the modes of its front-end processes, for the process after this one. */
  remember(order: InterfaceOrder, modes: readonly StickyMode[]): void;
  /** The keeper of connections; undefined: they end with this process. */
  readonly keeper?: KeeperLink | undefined;
}

/** One ordered interface at work: its port, and the modes that its front-end processes hold. */
export class RelayedInterface {
  readonly #around: RelaySurroundings;
  #order: InterfaceOrder;
  #port: Port | undefined;
  readonly #modes: StickyModes;
  /** Why there is no port. */
  #refused: { readonly error: CompatError; readonly since: number } | undefined;
  /** Where its sockets were when it was opened. */
  readonly places: SocketPlaces;
  /** Whether it is not served because another interface uses one of its socket paths. */
  readonly conflicted: boolean;
  #stopped = false;

  /** `known`: modes from before, its guest's first. `taken`: the interface that uses one of its socket paths already. */
  constructor(
    order: InterfaceOrder,
    known: readonly StickyMode[],
    around: RelaySurroundings,
    taken: string | undefined,
  ) {
    this.#order = order;
    this.#around = around;
    this.places = socketPlacesOf(order);
    this.conflicted = taken !== undefined;
    this.#modes = new StickyModes(known);
    this.#open(taken);
    this.#remember();
  }

  get order(): InterfaceOrder {
    return this.#order;
  }

  /** The modes of its front-end processes, its guest's first. */
  get modes(): readonly StickyMode[] {
    return this.#modes.all;
  }

  /** What is reported of it: asked for a little after it changed, once for all changes until then. */
  report(): InterfaceFacts {
    const port = this.#port?.status;
    if (port?.peer && port.acked !== undefined && this.#modes.negotiated(port.peer)) this.#remember();
    const sticky = this.#modes.first;
    if (port === undefined) {
      const { error, since = 0 } = this.#refused ?? {};
      const none = { ringSizes: new Map<number, number>(), statistics: noStatistics() };
      return { state: 'error', since, ...none, ...problemOf(error), ...(sticky && { sticky }) };
    }
    const { error, mode, ...status } = port;
    return {
      ...status,
      ...problemOf(error),
      ...(mode && { mode: mode.version }),
      ...(sticky && { sticky }),
    } as InterfaceFacts;
  }

  /** Tells `listener` of each message from now on; undefined: of none, which costs nothing. */
  setTraceListener(listener: TraceListener | undefined): void {
    if (this.#port) this.#port.traceListener = listener;
  }

  /** Takes an order with the same endpoints. A connected front-end keeps its mode. */
  update(order: InterfaceOrder): void {
    const before = this.#order;
    this.#order = order;
    if (order.version === before.version && order.name === before.name) return;
    this.#remember();
    this.reconsider();
  }

  /** The pin, the host's default or the versions have changed. A connected front-end keeps its mode. */
  reconsider(): void {
    this.#port?.reconsider();
    this.#changed();
  }

  /** Forgets the modes of front-end processes that are gone; called from time to time. */
  expire(): void {
    if (this.#modes.first === undefined) return;
    if (!this.#modes.expire(this.#port?.peer)) return;
    this.#remember();
    this.reconsider();
  }

  /** Closes everything. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#port?.stop();
  }

  /** Leaves the connections to the next process. */
  leave(): void {
    this.#stopped = true;
    this.#port?.leave();
  }

  #open(taken: string | undefined): void {
    const { name, deviceType } = this.#order;
    const refusal = (code: 'VC-ENDPOINT' | 'VC-ENDPOINT-TAKEN', seen: string) =>
      new CompatError(code, `Cannot serve ${name}: ${seen}`, { interface: name });
    try {
      const [frontend, backend] = [parseEndpoint(this.#order.frontend), parseEndpoint(this.#order.backend)];
      if (haveCommon(this.places.frontend, this.places.backend))
        throw refusal('VC-ENDPOINT', `front-end and back-end are both at ${frontend.path}; wanted two paths`);
      if (taken !== undefined)
        throw refusal('VC-ENDPOINT-TAKEN', `interface ${taken} uses one of its socket paths already`);
      const hooks: PortHooks = {
        decide: (abilities, peer) => this.#decide(abilities, peer),
        joined: (mode, peer) => this.#joined(mode, peer),
        changed: () => this.#changed(),
        event: (event) => this.#around.event(name, event),
      };
      if (this.#takeOver(formatEndpoint(frontend), formatEndpoint(backend), hooks)) return;
      const { keeper, socketGroup } = this.#around;
      const options = { handover: keeper?.handover, atStep: keeper?.atStep };
      this.#port = new Port({ name, deviceType, frontend, backend, socketGroup }, hooks, options);
      this.#port.start();
    } catch (error) {
      if (!(error instanceof CompatError)) throw error;
      this.#refused = { error, since: Date.now() };
      this.#around.event(name, { kind: 'refused', code: error.code, text: error.message, details: {} });
    }
    this.#changed();
  }

  /** Takes over the port of the process before this one; false when there is none. */
  #takeOver(frontend: string, backend: string, hooks: PortHooks): boolean {
    const resumed = this.#around.keeper?.ports.takeOver(this.#order.name, frontend, backend);
    if (!resumed) return false;
    const { mode, peer } = resumed.head;
    this.#modes.add({ version: mode.version, digest: mode.digest, peer });
    this.#modes.negotiated(peer);
    this.#port = resumed.port;
    resumed.adopt(hooks);
    this.#port.reconsider();
    this.#changed();
    return true;
  }

  #decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    const [entries, intent] = [this.#around.entries(), this.#intent()];
    if (entries === undefined) return { refused: notOrderedYet(this.#order.name) };
    if (peer === undefined) return this.#modeWithoutPeer(intent, entries, abilities);
    const decision = modeFor(intent, entries, abilities, peer, this.#modes.of(peer));
    if ('mode' in decision) {
      const { version, digest } = decision.mode;
      if (this.#modes.add({ version, digest, peer })) {
        this.#remember();
        this.#changed();
      }
    }
    return decision;
  }

  /** A connection changed hands: the mode is that of its new process, too, for as long as that one lives. */
  #joined({ version, digest }: Entry, peer: PeerIdentity): void {
    const added = this.#modes.add({ version, digest, peer });
    const { peer: first, acked } = this.#port?.status ?? {};
    const guest = first !== undefined && acked !== undefined && this.#modes.negotiated(peer);
    if (added || guest) this.#remember();
  }

  /** The front-end socket is open when somebody can be served: a new front-end process, or one that has a mode. */
  #modeWithoutPeer(intent: Intent, entries: readonly Entry[], abilities: Abilities): ModeDecision {
    const next = nextStart(intent, entries, abilities);
    if ('mode' in next) return next;
    const again = this.#modes.living().map((sticky) => sameAgain(sticky, intent, entries, abilities));
    return again.find((decision) => 'mode' in decision) ?? next;
  }

  #intent(): Intent {
    const { name, deviceType, version } = this.#order;
    return { interface: name, deviceType, pin: version, hostDefault: this.#around.hostDefault() };
  }

  #changed(): void {
    if (!this.#stopped) this.#around.changed(this.#order.id);
  }

  #remember(): void {
    this.#around.remember(this.#order, this.#modes.all);
  }
}

function problemOf(error: CompatError | undefined): Pick<InterfaceFacts, 'error'> {
  return error === undefined ? {} : { error: { code: error.code, text: shortened(error.message, 4096) } };
}
