import { formatEndpoint, parseEndpoint } from '../../compat-tables/entries/endpoint.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { encodeInterfaceStatus, type InterfaceStatus } from '../../rpc/state/columns.ts';
import type { InterfaceRow } from '../../rpc/state/rows.ts';
import type { PeerIdentity } from '../fd/peer.ts';
import { Port } from '../relay/port/port.ts';
import type { ModeDecision, PortEvent, PortHooks, PortStatus } from '../relay/port/port-status.ts';
import type { TraceListener } from '../vhost/trace-line.ts';
import type { BackendView } from './host-view.ts';
import { interfaceStatus, readSticky } from './interface-status.ts';
import type { Keeping } from './keeping.ts';
import { type Intent, keep, modeFor, nextStart, nextStartName } from './modes.ts';
import { Stickies } from './sticky-modes.ts';

/** What its port tells, and what clients wanted of the interface. */
export type InterfaceEvent = Omit<PortEvent, 'kind'> & { readonly kind: PortEvent['kind'] | 'pinned' | 'unpinned' };

/** What an interface needs of the agent around it. */
export interface Surroundings {
  readonly socketGroup: number | undefined;
  /** The entries in force on this host, the most preferred first. */
  entries(): readonly Entry[];
  hostDefault(): string | undefined;
  /** Writes status columns of a row. */
  write(uuid: string, columns: ReturnType<typeof encodeInterfaceStatus>): void;
  event(name: string, event: InterfaceEvent): void;
  /** A back-end was measured, came or went. */
  backendsChanged(): void;
  /** Who keeps connections beyond the end of this process; undefined: nobody. */
  readonly keeping?: Keeping | undefined;
}

const TELL_MS = 20;

/** One Interface row brought to life: its port, and the mode that its front-end process holds. */
export class ManagedInterface {
  readonly #around: Surroundings;
  #row: InterfaceRow;
  #port: Port | undefined;
  readonly #stickies: Stickies;
  #written = '';
  #columns: ReturnType<typeof encodeInterfaceStatus> | undefined;
  #backend = '';
  /** A new mode that stands in no row yet. */
  #unwritten = false;
  #later: NodeJS.Timeout | undefined;
  #stopped = false;
  readonly #conflicted: boolean;

  /** `taken` names the interface that has one of the socket paths already. */
  constructor(row: InterfaceRow, around: Surroundings, taken: string | undefined) {
    this.#row = row;
    this.#around = around;
    this.#conflicted = taken !== undefined;
    this.#stickies = new Stickies(readSticky(row));
    this.#open(taken);
  }

  get row(): InterfaceRow {
    return this.#row;
  }

  /** What is known of the back-end, undefined when it was never measured. */
  get view(): BackendView | undefined {
    const measured = this.#port?.status.abilities;
    const abilities = measured ?? this.#row.abilities;
    if (!abilities) return undefined;
    return {
      interface: this.#row.name,
      deviceType: this.#row.deviceType,
      abilities,
      connected: measured !== undefined,
    };
  }

  /** As it is at this moment; undefined when the interface cannot be served. */
  get status(): PortStatus | undefined {
    return this.#port?.status;
  }

  /** Sees each message from now on; without one nothing is spent on it. */
  setTraceListener(listener: TraceListener | undefined): void {
    this.#port?.setTraceListener(listener);
  }

  /** Whether it stands still because another interface has one of its socket paths. */
  get conflicted(): boolean {
    return this.#conflicted;
  }

  /**
   * Takes a row of which only the status has changed: a pin or an endpoint that came shortly before stands in it too, and is
   * still to be seen as a change when the rows are brought together.
   */
  refresh(row: InterfaceRow): void {
    const { version, frontend, backend } = this.#row;
    this.#row = { ...row, version, frontend, backend };
  }

  /** Writes its status once more: the database may have lost it. */
  writeAgain(): void {
    if (this.#columns) this.#around.write(this.#row.uuid, this.#columns);
  }

  /** Takes a changed row. Endpoints are not changed in place: the caller makes the interface anew. */
  update(row: InterfaceRow): void {
    const { version: before } = this.#row;
    this.#row = row;
    if (row.version === before) return;
    this.#tellPin(row, before);
    this.reconsider();
  }

  #tellPin({ name, version }: InterfaceRow, before: string | undefined): void {
    const inForce = this.#stickies.first?.version;
    const now = inForce === undefined ? '' : `; its front-end process has ${inForce}`;
    const kind = version === undefined ? 'unpinned' : 'pinned';
    const text =
      version === undefined
        ? `No version is pinned any more, ${before} was${now}`
        : `Version ${version} is pinned${now}`;
    this.#around.event(name, { kind, text, details: { version, before, in_force: inForce } });
  }

  /** The pin, the host's default or the tables have changed. A connected front-end does not feel it. */
  reconsider(): void {
    this.#port?.reconsider();
    this.#report();
  }

  /** Lets go of the modes of front-end processes that are gone; called from time to time. */
  expire(): void {
    if (this.#stickies.first === undefined) return;
    const { mode, peer } = this.#port?.status ?? {};
    if (this.#stickies.expire(mode && peer)) this.reconsider();
  }

  /** Closes everything. With `leave` the agent ends: its row is told so, and who is kept is served until `leave()`. */
  async stop(leave?: 'tell'): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#later);
    if (leave !== 'tell' || !this.#around.keeping) await this.#port?.stop();
    if (leave === 'tell')
      this.#around.write(this.#row.uuid, encodeInterfaceStatus({ state: 'stopped', since: Date.now() }));
  }

  /** Lets go of what is kept, for the next agent. */
  leave(): void {
    this.#port?.leave();
  }

  #open(taken: string | undefined): void {
    try {
      const frontend = parseEndpoint(this.#row.frontend);
      const backend = parseEndpoint(this.#row.backend);
      if (frontend.path === backend.path) {
        throw new CompatError(
          'VC-ENDPOINT',
          `Cannot serve ${this.#row.name}: front-end and back-end are both at ${frontend.path}; wanted two paths`,
          { interface: this.#row.name },
        );
      }
      if (taken !== undefined) {
        throw new CompatError(
          'VC-ENDPOINT-TAKEN',
          `Cannot serve ${this.#row.name}: interface ${taken} uses one of its socket paths already`,
          { interface: this.#row.name },
        );
      }
      const { name, deviceType } = this.#row;
      const group = this.#around.socketGroup;
      const hooks: PortHooks = {
        decide: (abilities, peer) => this.#decide(abilities, peer),
        changed: () => this.#changed(),
        event: (event) => this.#around.event(name, event),
      };
      if (this.#goOn(formatEndpoint(frontend), formatEndpoint(backend), hooks)) return;
      const { handover, atStep } = this.#around.keeping ?? {};
      this.#port = new Port(
        { name, deviceType, frontend, backend, ...(group === undefined ? {} : { socketGroup: group }) },
        hooks,
        { handover, atStep },
      );
      this.#port.start();
      this.#report();
    } catch (error) {
      if (!(error instanceof CompatError)) throw error;
      this.#write({ state: 'error', error: error.code, errorDetail: error.message, since: Date.now() });
      this.#around.event(this.#row.name, { kind: 'refused', code: error.code, text: error.message, details: {} });
    }
  }

  /** Takes over the port that goes on from an earlier agent; false when there is none. */
  #goOn(frontend: string, backend: string, hooks: PortHooks): boolean {
    const kept = this.#around.keeping?.ports.claim(this.#row.name, frontend, backend);
    if (!kept) return false;
    const { mode, peer } = kept.head;
    this.#stickies.add({ version: mode.version, digest: mode.digest, peer });
    this.#stickies.negotiated(peer);
    this.#port = kept.port;
    kept.adopt(hooks);
    this.#port.reconsider();
    this.#report();
    return true;
  }

  #decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    const entries = this.#around.entries();
    const intent = this.#intent();
    if (peer === undefined) return this.#door(intent, entries, abilities);
    const decision = modeFor(intent, entries, abilities, peer, this.#stickies.of(peer));
    if ('mode' in decision) {
      const { version, digest } = decision.mode;
      this.#stickies.add({ version, digest, peer });
      this.#unwritten = true;
    }
    return decision;
  }

  /** The door is open when whoever may come can be served: a new front-end process, or the one that had a mode. */
  #door(intent: Intent, entries: readonly Entry[], abilities: Abilities): ModeDecision {
    const next = nextStart(intent, entries, abilities);
    if ('mode' in next) return next;
    const again = this.#stickies.living().map((sticky) => keep(sticky, intent, entries, abilities));
    return again.find((decision) => 'mode' in decision) ?? next;
  }

  #intent(): Intent {
    const { name, deviceType, version } = this.#row;
    return { interface: name, deviceType, pin: version, hostDefault: this.#around.hostDefault() };
  }

  /** A negotiation is dozens of changes: what came of it is told a little later, and once. */
  #changed(): void {
    if (this.#stopped) return;
    if (this.#unwritten && !this.#around.keeping) {
      // A mode that nobody remembers after our end would not stick.
      this.#report();
    }
    this.#later ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  #tell(): void {
    this.#later = undefined;
    if (this.#stopped) return;
    this.#report();
    const backend = JSON.stringify(this.view, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString(16) : value,
    );
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

  /** Statistics alone are no reason to write: they go along when something else has changed. */
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
