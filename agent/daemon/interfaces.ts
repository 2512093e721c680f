import type { InterfaceRow } from '../../rpc/state/rows.ts';
import type { BackendView } from './host-view.ts';
import { ManagedInterface, type Surroundings } from './managed-interface.ts';

/** How often the modes of front-end processes that are gone are let go. */
const EXPIRE_EVERY_MS = 1000;

/** All interfaces of this host: Interface rows and living ports brought together. */
export class Interfaces {
  readonly #around: Surroundings;
  readonly #live = new Map<string, ManagedInterface>();
  /** Ports that are closing; their socket paths are free only then. */
  readonly #closing = new Map<string, Promise<void>>();
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

  /** Versions that must stay known because an interface names them. */
  versionsInUse(): Set<string> {
    const used = new Set<string>();
    for (const { row } of this.#live.values()) {
      for (const version of [row.version, row.inForce]) if (version !== undefined) used.add(version);
    }
    return used;
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
    for (const row of rows) {
      const managed = this.#live.get(row.uuid);
      if (managed) managed.update(row);
      else this.#live.set(row.uuid, new ManagedInterface(row, this.#around, this.#ownerOfPaths(row)));
    }
    if (hostDefault !== this.#hostDefault) {
      this.#hostDefault = hostDefault;
      this.reconsider();
    }
  }

  reconsider(): void {
    for (const managed of this.#live.values()) managed.reconsider();
  }

  /** Ends all ports and tells the rows so. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#live.values()].map((managed) => managed.stop('tell')));
    await Promise.all(this.#closing.values());
    this.#live.clear();
  }

  #end(uuid: string, managed: ManagedInterface): void {
    this.#live.delete(uuid);
    const closing = managed.stop().finally(() => this.#closing.delete(uuid));
    this.#closing.set(uuid, closing);
  }

  #expire(): void {
    for (const managed of this.#live.values()) managed.expire();
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
