import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import type { PortStatus } from '../relay/port/port-status.ts';
import type { TraceListener } from '../vhost/trace-line.ts';
import type { BackendView } from './host-view.ts';
import { ManagedInterface, type Surroundings } from './managed-interface.ts';

/** How often the modes of front-end processes that are gone are forgotten. */
const EXPIRE_EVERY_MS = 1000;

/** All interfaces of this host: opens, changes and ends ports so that they match the Interface rows. */
export class Interfaces {
  readonly #around: Surroundings;
  readonly #live = new Map<string, ManagedInterface>();
  /** Ports that are closing; their socket paths are free when they have closed. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #listeners = new TraceListeners();
  readonly #timer: NodeJS.Timeout;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#timer = setInterval(() => {
      for (const managed of this.#live.values()) managed.expire();
    }, EXPIRE_EVERY_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#live.size;
  }

  /** What the back-ends are known to offer. */
  views(): BackendView[] {
    return [...this.#live.values()].flatMap((one) => one.view ?? []);
  }

  /** Opens, changes and ends ports so that they are what the rows say. */
  async sync(rows: readonly InterfaceRow[]): Promise<void> {
    const wanted = new Map(rows.map((row) => [row.uuid, row]));
    for (const [uuid, managed] of this.#live) {
      const row = wanted.get(uuid);
      if (row?.frontend !== managed.row.frontend || row.backend !== managed.row.backend) this.#end(uuid, managed);
    }
    for (const [uuid, managed] of this.#live)
      if (managed.conflicted && this.#ownerOfPaths(managed.row) === undefined) this.#end(uuid, managed);
    await Promise.all(this.#closing.values());
    for (const row of rows) this.#live.get(row.uuid)?.update(row);
    for (const row of this.#byPriority(rows.filter(({ uuid }) => !this.#live.has(uuid)))) {
      this.#live.set(row.uuid, new ManagedInterface(row, this.#around, this.#ownerOfPaths(row)));
      this.#setListener(row.name);
    }
    await this.#endOthers();
  }

  /**
   * Tells `listener` of the messages of an interface, also after it got other endpoints; the result ends that.
   * Undefined: there is no such interface.
   */
  trace(name: string, listener: TraceListener): (() => void) | undefined {
    if (!this.#named(name)) return undefined;
    const remove = this.#listeners.add(name, listener);
    this.#setListener(name);
    return () => {
      remove();
      this.#setListener(name);
    };
  }

  /** Name, device type and port of each, as they are at this moment. */
  ports(): { readonly name: string; readonly deviceType: string; readonly status: PortStatus | undefined }[] {
    return [...this.#live.values()].map(({ row, status }) => ({ name: row.name, deviceType: row.deviceType, status }));
  }

  /** Takes a row of which only the status has changed. */
  refresh(row: InterfaceRow): void {
    this.#live.get(row.uuid)?.refresh(row);
  }

  writeAgain(): void {
    for (const managed of this.#live.values()) managed.writeAgain();
  }

  reconsider(): void {
    for (const managed of this.#live.values()) managed.reconsider();
  }

  /** Ends connections of the previous agent whose interfaces are gone or have other endpoints now. */
  async #endOthers(): Promise<void> {
    for (const name of (await this.#around.keeper?.ports.endOthers()) ?? []) {
      const text = `The connections of ${name} were closed: it was removed or changed while no agent ran`;
      this.#around.event(name, { kind: 'frontend-left', text, details: {} });
    }
  }

  /** Ends all ports; with a keeper they go on until `leave`. The rows say that the agent has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#live.values()].map((managed) => managed.stop('tell')));
    await Promise.all(this.#closing.values());
  }

  /** Leaves the connections to the next agent. */
  leave(): void {
    for (const managed of this.#live.values()) managed.leave();
    this.#live.clear();
  }

  #end(uuid: string, managed: ManagedInterface): void {
    this.#live.delete(uuid);
    const closing = managed.stop().finally(() => this.#closing.delete(uuid));
    this.#closing.set(uuid, closing);
  }

  #named(name: string): ManagedInterface | undefined {
    return [...this.#live.values()].find(({ row }) => row.name === name);
  }

  #setListener(name: string): void {
    this.#named(name)?.setTraceListener(this.#listeners.of(name));
  }

  /** An interface that had a socket path before gets it again: first those with connections, then those that had a guest. */
  #byPriority(rows: readonly InterfaceRow[]): InterfaceRow[] {
    const resumed = ({ name, frontend, backend }: InterfaceRow) =>
      this.#around.keeper?.ports.has(name, frontend, backend) === true;
    const turn = (row: InterfaceRow) => (resumed(row) ? 0 : row.inForce !== undefined ? 1 : 2);
    return rows.toSorted((a, b) => turn(a) - turn(b));
  }

  #ownerOfPaths(row: InterfaceRow): string | undefined {
    const paths = pathsOf(row);
    for (const managed of this.#live.values()) {
      if (managed.row.uuid === row.uuid || managed.conflicted) continue;
      if (pathsOf(managed.row).some((path) => paths.includes(path))) return managed.row.name;
    }
    return undefined;
  }
}

function pathsOf(row: InterfaceRow): string[] {
  return [row.frontend, row.backend].map((endpoint) => endpoint.slice(endpoint.indexOf(':') + 1));
}

/** The listeners to the messages of each interface. A port without a listener spends nothing on it. */
export class TraceListeners {
  readonly #byName = new Map<string, Set<TraceListener>>();

  /** Adds a listener; the result removes it. */
  add(name: string, listener: TraceListener): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byName.get(name) === listeners) this.#byName.delete(name);
    };
  }

  /** All listeners of an interface as one; undefined when there is none. */
  of(name: string): TraceListener | undefined {
    const listeners = this.#byName.get(name);
    if (listeners === undefined) return undefined;
    return (message) => {
      for (const listener of listeners) listener(message);
    };
  }
}
