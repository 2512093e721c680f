import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { formatEndpoint, parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { encodeInterfaceStatus, type InterfaceStatus } from '../../rpc/state/encode-rows.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import type { PeerIdentity } from '../fd/peer.ts';
import { Port } from '../relay/port/port.ts';
import type { ModeDecision, PortEvent, PortHooks, PortStatus } from '../relay/port/port-status.ts';
import type { TraceListener } from '../vhost/trace-line.ts';
import { type Intent, modeFor, nextStart, nextStartName, sameAgain } from './choose-version.ts';
import { type BackendView, withoutBigints } from './host-view.ts';
import { interfaceStatus } from './interface-status.ts';
import type { KeeperLink } from './resumed-ports.ts';
import { readSticky, StickyModes } from './sticky-modes.ts';

/** An event of the port, or a change of the pin by a client. */
export type InterfaceEvent = Omit<PortEvent, 'kind'> & { readonly kind: PortEvent['kind'] | 'pinned' | 'unpinned' };

/** What an interface needs from the agent. */
export interface Surroundings {
  readonly socketGroup: number | undefined;
  /** The entries in force on this host, the most preferred first. */
  entries(): readonly Entry[];
  hostDefault(): string | undefined;
  /** Writes status columns of a row. */
  write(uuid: string, columns: ReturnType<typeof encodeInterfaceStatus>): void;
  event(name: string, event: InterfaceEvent): void;
  /** A back-end was measured, connected or left. */
  backendsChanged(): void;
  /** The keeper of connections; undefined: they end with this process. */
  readonly keeper?: KeeperLink | undefined;
}

/** The changes of a port within this time are reported as one. */
const REPORT_MS = 20;

/** One Interface row at work: its port, and the modes that its front-end processes hold. */
export class ManagedInterface {
  readonly #around: Surroundings;
  #row: InterfaceRow;
  #port: Port | undefined;
  readonly #stickies: StickyModes;
  #written = '';
  #columns: ReturnType<typeof encodeInterfaceStatus> | undefined;
  #backend = '';
  /** A front-end got a mode that is not in the row yet. */
  #unwritten = false;
  #later: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Whether it is not served because another interface uses one of its socket paths. */
  readonly conflicted: boolean;

  /** `taken`: the interface that uses one of the socket paths already. */
  constructor(row: InterfaceRow, around: Surroundings, taken: string | undefined) {
    this.#row = row;
    this.#around = around;
    this.conflicted = taken !== undefined;
    this.#stickies = new StickyModes(readSticky(row));
    this.#open(taken);
  }

  get row(): InterfaceRow {
    return this.#row;
  }

  /** What is known of the back-end, undefined when it was never measured. */
  get view(): BackendView | undefined {
    const { name, deviceType, abilities: before } = this.#row;
    const measured = this.#port?.status.abilities;
    const abilities = measured ?? before;
    return abilities && { interface: name, deviceType, abilities, connected: measured !== undefined };
  }

  /** The state of the port now; undefined when the interface cannot be served. */
  get status(): PortStatus | undefined {
    return this.#port?.status;
  }

  /** Tells `listener` of each message from now on; undefined: of none, which costs nothing. */
  setTraceListener(listener: TraceListener | undefined): void {
    if (this.#port) this.#port.traceListener = listener;
  }

  /**
   * Takes a row of which only the status has changed. The row also has a pin or an endpoint that changed shortly before; that
   * change stays for `update` to notice.
   */
  refresh(row: InterfaceRow): void {
    const { version, frontend, backend } = this.#row;
    this.#row = { ...row, version, frontend, backend };
  }

  /** Writes its status once more: the database may have lost it. */
  writeAgain(): void {
    if (this.#columns) this.#around.write(this.#row.uuid, this.#columns);
  }

  /** Takes a changed row. When its endpoints change, the caller replaces the whole interface instead. */
  update(row: InterfaceRow): void {
    const { version: before } = this.#row;
    this.#row = row;
    const { name, version } = row;
    if (version === before) return;
    const inForce = this.#stickies.first?.version;
    const now = inForce === undefined ? '' : `; its front-end process has ${inForce}`;
    const [kind, text] =
      version === undefined
        ? (['unpinned', `No version is pinned any more, ${before} was${now}`] as const)
        : (['pinned', `Version ${version} is pinned${now}`] as const);
    this.#around.event(name, { kind, text, details: { version, before, in_force: inForce } });
    this.reconsider();
  }

  /** The pin, the host's default or the tables have changed. A connected front-end keeps its mode. */
  reconsider(): void {
    this.#port?.reconsider();
    this.#report();
  }

  /** Forgets the modes of front-end processes that are gone; called from time to time. */
  expire(): void {
    if (this.#stickies.first === undefined) return;
    const { mode, peer } = this.#port?.status ?? {};
    if (this.#stickies.expire(mode && peer)) this.reconsider();
  }

  /**
   * Closes everything. With `leave` the agent ends: the row says so, and connections that outlive the agent are served until
   * `leave()`.
   */
  async stop(leave?: 'tell'): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#later);
    if (leave !== 'tell' || !this.#around.keeper) await this.#port?.stop();
    if (leave === 'tell')
      this.#around.write(this.#row.uuid, encodeInterfaceStatus({ state: 'stopped', since: Date.now() }));
  }

  /** Leaves the connections to the next agent. */
  leave(): void {
    this.#port?.leave();
  }

  #open(taken: string | undefined): void {
    const { name, deviceType } = this.#row;
    const refusal = (code: 'VC-ENDPOINT' | 'VC-ENDPOINT-TAKEN', seen: string) =>
      new CompatError(code, `Cannot serve ${name}: ${seen}`, { interface: name });
    try {
      const [frontend, backend] = [parseEndpoint(this.#row.frontend), parseEndpoint(this.#row.backend)];
      if (frontend.path === backend.path)
        throw refusal('VC-ENDPOINT', `front-end and back-end are both at ${frontend.path}; wanted two paths`);
      if (taken !== undefined)
        throw refusal('VC-ENDPOINT-TAKEN', `interface ${taken} uses one of its socket paths already`);
      const hooks: PortHooks = {
        decide: (abilities, peer) => this.#decide(abilities, peer),
        changed: () => this.#changed(),
        event: (event) => this.#around.event(name, event),
      };
      if (this.#takeOver(formatEndpoint(frontend), formatEndpoint(backend), hooks)) return;
      const { keeper, socketGroup } = this.#around;
      const options = { handover: keeper?.handover, atStep: keeper?.atStep };
      this.#port = new Port({ name, deviceType, frontend, backend, socketGroup }, hooks, options);
      this.#port.start();
      this.#report();
    } catch (error) {
      if (!(error instanceof CompatError)) throw error;
      const { code, message } = error;
      this.#write({ state: 'error', error: code, errorDetail: message, since: Date.now() });
      this.#around.event(name, { kind: 'refused', code, text: message, details: {} });
    }
  }

  /** Takes over the port of the previous agent; false when there is none. */
  #takeOver(frontend: string, backend: string, hooks: PortHooks): boolean {
    const resumed = this.#around.keeper?.ports.takeOver(this.#row.name, frontend, backend);
    if (!resumed) return false;
    const { mode, peer } = resumed.head;
    this.#stickies.add({ version: mode.version, digest: mode.digest, peer });
    this.#stickies.negotiated(peer);
    this.#port = resumed.port;
    resumed.adopt(hooks);
    this.#port.reconsider();
    this.#report();
    return true;
  }

  #decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    const [entries, intent] = [this.#around.entries(), this.#intent()];
    if (peer === undefined) return this.#modeWithoutPeer(intent, entries, abilities);
    const decision = modeFor(intent, entries, abilities, peer, this.#stickies.of(peer));
    if ('mode' in decision) {
      const { version, digest } = decision.mode;
      this.#stickies.add({ version, digest, peer });
      this.#unwritten = true;
    }
    return decision;
  }

  /** The front-end socket is open when somebody can be served: a new front-end process, or one that has a mode. */
  #modeWithoutPeer(intent: Intent, entries: readonly Entry[], abilities: Abilities): ModeDecision {
    const next = nextStart(intent, entries, abilities);
    if ('mode' in next) return next;
    const again = this.#stickies.living().map((sticky) => sameAgain(sticky, intent, entries, abilities));
    return again.find((decision) => 'mode' in decision) ?? next;
  }

  #intent(): Intent {
    const { name, deviceType, version } = this.#row;
    return { interface: name, deviceType, pin: version, hostDefault: this.#around.hostDefault() };
  }

  /** A negotiation is dozens of changes: they are reported a little later, once. */
  #changed(): void {
    if (this.#stopped) return;
    // a mode that is not in the row when the agent is killed would not stick
    if (this.#unwritten && !this.#around.keeper) this.#report();
    this.#later ??= setTimeout(() => this.#reportAll(), REPORT_MS);
  }

  #reportAll(): void {
    this.#later = undefined;
    if (this.#stopped) return;
    this.#report();
    const backend = withoutBigints(this.view);
    if (backend === this.#backend) return;
    this.#backend = backend;
    this.#around.backendsChanged();
  }

  #report(): void {
    const port = this.#port;
    if (!port || this.#stopped) return;
    const { status } = port;
    if (status.peer && status.acked !== undefined) this.#stickies.negotiated(status.peer);
    const abilities = status.abilities ?? this.#row.abilities;
    const next = nextStartName(this.#intent(), this.#around.entries(), abilities);
    this.#write(interfaceStatus(status, this.#stickies.first, next), new Map(Object.entries(status.statistics)));
  }

  /** Writes the status when it has changed. Statistics alone are no change: they are written along with one. */
  #write(status: InterfaceStatus, statistics?: ReadonlyMap<string, number>): void {
    const columns = encodeInterfaceStatus(status);
    const text = JSON.stringify(columns);
    if (text === this.#written) return;
    this.#written = text;
    this.#unwritten = false;
    this.#columns = statistics ? { ...columns, ...encodeInterfaceStatus({ statistics }) } : columns;
    this.#around.write(this.#row.uuid, this.#columns);
  }
}
