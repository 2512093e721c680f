import type { InterfaceRow } from '../../rpc/state/rows.ts';
import type { PortStatus } from '../relay/port/port-status.ts';
import type { TraceListener } from '../vhost/trace-line.ts';
import type { BackendView } from './host-view.ts';
import { ManagedInterface, type Surroundings } from './managed-interface.ts';
import { Taps } from './taps.ts';

/** How often the modes of front-end processes that are gone are let go. */
const EXPIRE_EVERY_MS = 1000;

/** All interfaces of this host: Interface rows and living ports brought together. */
export class Interfaces {
  readonly #around: Surroundings;
  readonly #live = new Map<string, ManagedInterface>();
  /** Ports that are closing; their socket paths are free only then. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #taps = new Taps();
  readonly #timer: NodeJS.Timeout;
  #hostDefault: string | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#timer = setInterval(() => this.#expire(), EXPIRE_EVERY_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#live.size;
  }

  /** What the back-ends are known to offer. */
  views(): BackendView[] {
    return [...this.#live.values()].flatMap((one) => one.view ?? []);
  }

  /** Makes, changes and ends ports so that they are what the rows say. */
  async sync(rows: readonly InterfaceRow[], hostDefault: string | undefined): Promise<void> {
    const wanted = new Map(rows.map((row) => [row.uuid, row]));
    for (const [uuid, managed] of this.#live) {
      const row = wanted.get(uuid);
      if (!row || row.frontend !== managed.row.frontend || row.backend !== managed.row.backend)
        this.#end(uuid, managed);
    }
    for (const [uuid, managed] of this.#live) {
      if (managed.conflicted && this.#ownerOfPaths(managed.row) === undefined) this.#end(uuid, managed);
    }
    await Promise.all(this.#closing.values());
    for (const row of rows) this.#live.get(row.uuid)?.update(row);
    for (const row of this.#inTurn(rows.filter(({ uuid }) => !this.#live.has(uuid)))) {
      this.#live.set(row.uuid, new ManagedInterface(row, this.#around, this.#ownerOfPaths(row)));
      this.#tap(row.name);
    }
    await this.#endUnclaimed();
    if (hostDefault !== this.#hostDefault) {
      this.#hostDefault = hostDefault;
      this.reconsider();
    }
  }

  /**
   * Tells `listener` of the messages of an interface, also when it gets other endpoints or is made anew; the answer ends that.
   * Undefined: there is no such interface.
   */
  trace(name: string, listener: TraceListener): (() => void) | undefined {
    if (!this.#named(name)) return undefined;
    const remove = this.#taps.add(name, listener);
    this.#tap(name);
    return () => {
      remove();
      this.#tap(name);
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

  /** Connections of an earlier agent whose interfaces are gone or have other endpoints now. */
  async #endUnclaimed(): Promise<void> {
    for (const name of (await this.#around.keeping?.ports.endUnclaimed()) ?? []) {
      const text = `The connections of ${name} were closed: it was removed or changed while no agent was there`;
      this.#around.event(name, { kind: 'frontend-left', text, details: {} });
    }
  }

  /** Ends all ports, except those that somebody keeps: they work until `leave`. Tells the rows that the agent ends. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#live.values()].map((managed) => managed.stop('tell')));
    await Promise.all(this.#closing.values());
  }

  /** Lets go of what is kept, for the next agent. */
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

  #tap(name: string): void {
    this.#named(name)?.setTraceListener(this.#taps.of(name));
  }

  #expire(): void {
    for (const managed of this.#live.values()) managed.expire();
  }

  /** Who had a socket path before has it again: first those whose connections go on, then those that had a guest. */
  #inTurn(rows: readonly InterfaceRow[]): InterfaceRow[] {
    const kept = ({ name, frontend, backend }: InterfaceRow) =>
      this.#around.keeping?.ports.has(name, frontend, backend) === true;
    const turn = (row: InterfaceRow) => (kept(row) ? 0 : row.inForce !== undefined ? 1 : 2);
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
