import type { Entry } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import type { Fact, InterfaceFacts } from '../orders/facts.ts';
import { encodeOrder } from '../orders/message-stream.ts';
import type { TraceListener } from '../vhost/trace-line.ts';
import type { BackendView } from './host-view.ts';
import type { KnownInterface } from './interface-memory.ts';
import { ManagedInterface, type Surroundings } from './managed-interface.ts';
import type { RelayLink } from './relay-link.ts';
import { TraceListeners } from './trace-listeners.ts';

/** A relay process that is replaced is back sooner; only then do the rows say that it is away. */
const AWAY_MS = 3000;

/** What all interfaces need from the agent. */
interface InterfacesSurroundings extends Surroundings {
  /** A row is one of this host's from now on; the result is what is known of it, which its status columns then say. */
  entered(row: InterfaceRow, isNew: boolean): KnownInterface;
  /** The rows of this host are known for the first time. */
  found(rows: readonly InterfaceRow[]): void;
  /** A row is no longer one of this host's. */
  left(row: InterfaceRow): void;
}

/** The rows of this host's interfaces, as orders to the relay process, and its facts about them, as status of the rows. */
export class Interfaces {
  readonly #relay: RelayLink;
  readonly #around: InterfacesSurroundings;
  /** The rows were read once: others are new. */
  #wereRead = false;
  readonly #byId = new Map<string, ManagedInterface>();
  readonly #listeners = new TraceListeners();
  /** What the connected relay process was ordered, by id. */
  readonly #ordered = new Map<string, string>();
  #orderedVersions: string | undefined;
  /** Whether the connected relay process was told all interfaces. */
  #toldAll = false;
  /** The relay process has reported an interface of which there was no row. */
  #unclaimed = false;
  #away: NodeJS.Timeout | undefined;

  constructor(relay: RelayLink, around: InterfacesSurroundings) {
    this.#relay = relay;
    this.#around = around;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** What the back-ends are known to offer. */
  views(): BackendView[] {
    return [...this.#byId.values()].flatMap((one) => one.view ?? []);
  }

  /** The versions that front-ends have, by the keys of their entries; undefined while that is not known of all. */
  inForce(): ReadonlySet<string> | undefined {
    const all = [...this.#byId.values()];
    if (!this.#wereRead || !all.every(({ facts, mistake }) => facts ?? mistake)) return undefined;
    return new Set(all.flatMap(({ inForce }) => inForce ?? []));
  }

  /** Orders what the rows say, and waits until it is done. False: the relay process is away; to be tried again. */
  async sync(
    rows: readonly InterfaceRow[],
    entries: readonly Entry[],
    hostDefault: string | undefined,
  ): Promise<boolean> {
    const wanted = new Map(rows.map((row) => [row.uuid, row]));
    const replaced = new Set<string>();
    for (const [uuid, { row: before }] of this.#byId) {
      const row = wanted.get(uuid);
      if (row?.frontend === before.frontend && row.backend === before.backend) continue;
      this.#byId.delete(uuid);
      if (row === undefined) this.#around.left(before);
      else replaced.add(uuid);
    }
    for (const row of rows) {
      const known = this.#byId.get(row.uuid);
      if (known) known.update(row);
      else {
        const before = this.#around.entered(row, this.#wereRead && !replaced.has(row.uuid));
        this.#byId.set(row.uuid, new ManagedInterface(row, this.#around, before));
      }
    }
    if (!this.#wereRead) this.#around.found(rows);
    this.#wereRead = true;
    const changed = this.#orderVersions(entries, hostDefault);
    if (changed) for (const one of this.#byId.values()) one.reconsider();
    return await this.#order(changed);
  }

  #orderVersions(entries: readonly Entry[], hostDefault: string | undefined): boolean {
    const text = [
      hostDefault,
      ...entries.map(({ deviceType, digest, version }) => `${deviceType} ${version} ${digest}`),
    ].join('\n');
    if (text === this.#orderedVersions) return false;
    this.#orderedVersions = text;
    this.#relay.send({ is: 'versions', entries: [...entries], ...(hostDefault !== undefined && { hostDefault }) });
    return true;
  }

  async #order(versionsChanged: boolean): Promise<boolean> {
    if (!this.#relay.hello) return false;
    let changed = versionsChanged || !this.#toldAll;
    for (const id of this.#ordered.keys()) {
      if (this.#byId.get(id)?.mistake === undefined && this.#byId.has(id)) continue;
      this.#ordered.delete(id);
      this.#relay.send({ is: 'remove', id });
      changed = true;
    }
    for (const [id, managed] of this.#byId) {
      if (managed.mistake) continue;
      const { order } = managed;
      // the relay process knows better which mode its front-ends have: that alone is no change
      const text = encodeOrder({ ...order, sticky: undefined });
      if (this.#ordered.get(id) === text) continue;
      this.#ordered.set(id, text);
      this.#relay.send({ is: 'interface', interface: order });
      if (this.#listeners.of(managed.row.name)) this.#relay.send({ is: 'trace', id, on: true });
      changed = true;
    }
    if (!changed) return true;
    const all = !this.#toldAll;
    const applied = await this.#relay.apply(all);
    if (applied) this.#toldAll = true;
    // what was reported before its row was known is reported once more
    if (applied && this.#unclaimed) await this.#relay.report();
    this.#unclaimed = false;
    return applied;
  }

  /** The relay process is there; it has to be told everything. */
  connected(): void {
    clearTimeout(this.#away);
    this.#ordered.clear();
    this.#orderedVersions = undefined;
    this.#toldAll = false;
  }

  /** The relay process has gone. When it stays away the rows say so. */
  gone(): void {
    this.#away = setTimeout(() => {
      const error = new CompatError('VC-RELAY-AWAY', 'Cannot tell how the interfaces are: the relay process is away');
      for (const one of this.#byId.values())
        if (!one.mistake) one.unknown({ state: 'error', error: error.code, errorDetail: error.message });
    }, AWAY_MS);
    this.#away.unref();
  }

  received(fact: Fact): void {
    if (fact.is === 'status') {
      const managed = this.#byId.get(fact.id);
      managed?.reported(fact.status);
      this.#unclaimed ||= managed === undefined;
    } else if (fact.is === 'event') this.#around.event(fact.interface, fact.event);
    else if (fact.is === 'traced') {
      const name = this.#byId.get(fact.id)?.row.name;
      if (name !== undefined) this.#listeners.of(name)?.(fact.message);
    }
  }

  /**
   * Tells `listener` of the messages of an interface, also after it got other endpoints; the result ends that.
   * Undefined: there is no such interface.
   */
  trace(name: string, listener: TraceListener): (() => void) | undefined {
    if (!this.#named(name)) return undefined;
    const remove = this.#listeners.add(name, listener);
    this.#orderTrace(name);
    return () => {
      remove();
      this.#orderTrace(name);
    };
  }

  #orderTrace(name: string): void {
    const managed = this.#named(name);
    if (managed) this.#relay.send({ is: 'trace', id: managed.row.uuid, on: this.#listeners.of(name) !== undefined });
  }

  /** Name, device type and facts of each, as they are at this moment. */
  async ports(): Promise<
    { readonly name: string; readonly deviceType: string; readonly facts: InterfaceFacts | undefined }[]
  > {
    await this.#relay.report();
    return [...this.#byId.values()].map(({ row, facts }) => ({ name: row.name, deviceType: row.deviceType, facts }));
  }

  deviceTypeOf(name: string): string | undefined {
    return this.#named(name)?.row.deviceType;
  }

  /** Takes a row of which only the status has changed. */
  refresh(row: InterfaceRow): void {
    this.#byId.get(row.uuid)?.refresh(row);
  }

  writeAgain(): void {
    for (const one of this.#byId.values()) one.writeAgain();
  }

  /** The agent ends, and its ports with it: the rows say so. */
  stopped(): void {
    clearTimeout(this.#away);
    for (const one of this.#byId.values()) one.unknown({ state: 'stopped' });
  }

  #named(name: string): ManagedInterface | undefined {
    return [...this.#byId.values()].find(({ row }) => row.name === name);
  }
}
