import type { Log } from '../../../base/log.ts';
import { shortened } from '../../../base/text.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { samePeer } from '../../fd/peer.ts';
import type { Problem } from '../../orders/facts.ts';
import type { InterfaceOrder, Order, StickyMode, VersionsOrder } from '../../orders/orders.ts';
import type { TracedMessage } from '../../vhost/trace-line.ts';
import { FormerModes } from '../mode/former-modes.ts';
import { LastOrders } from './last-orders.ts';
import { type FactSink, Outbox } from './outbox.ts';
import { RelayedInterface, type RelaySurroundings } from './relayed-interface.ts';
import type { KeeperLink } from './resumed-ports.ts';
import { placesIn, socketPlacesOf } from './socket-places.ts';

/** How often the modes of front-end processes that are gone are forgotten. */
const EXPIRE_EVERY_MS = 1000;

export interface RelayOptions {
  /** The folder of the last orders. */
  readonly folder: string;
  /** Numeric group of the socket files. */
  readonly socketGroup: number | undefined;
  readonly keeper: KeeperLink | undefined;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/** All ordered interfaces at work. It starts with the last orders, and takes new ones from a manager when one is there. */
export class RelayService {
  readonly #options: RelayOptions;
  readonly #last: LastOrders;
  readonly #outbox: Outbox;
  readonly #around: RelaySurroundings;
  /** What is wanted, by id; carried out by `apply`. */
  #wanted = new Map<string, InterfaceOrder>();
  /** The ids that this manager has named. */
  #named = new Set<string>();
  readonly #live = new Map<string, RelayedInterface>();
  /** Whose each socket place is, so that the start of a thousand interfaces compares no two of them. */
  readonly #places = new Map<string, RelayedInterface>();
  readonly #former = new FormerModes();
  #versions: VersionsOrder | undefined;
  #reconsider = false;
  /** The ids of the interfaces whose messages are reported. */
  readonly #traced = new Set<string>();
  /** One `apply` after the other. */
  #applying: Promise<void> = Promise.resolve();
  #orphansEnded = false;
  readonly #timer: NodeJS.Timeout;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#last = new LastOrders(options.folder, (error) =>
      options.log.warn('orders-not-remembered', {
        ...(error instanceof CompatError && { code: error.code }),
        error: error.message,
      }),
    );
    this.#outbox = new Outbox((id) => {
      const status = this.#live.get(id)?.report();
      return status && { is: 'status', id, status };
    });
    this.#around = {
      socketGroup: options.socketGroup,
      entries: () => this.#versions?.entries,
      hostDefault: () => this.#versions?.hostDefault,
      changed: (id) => this.#outbox.changed(id),
      event: (name, { text, ...event }) =>
        this.#outbox.event({ is: 'event', interface: name, event: { ...event, text: shortened(text, 4096) } }),
      remember: (order, modes) => this.#last.writeInterface(order, modes),
      keeper: options.keeper,
    };
    this.#timer = setInterval(() => {
      for (const one of this.#live.values()) one.expire();
    }, EXPIRE_EVERY_MS);
    this.#timer.unref();
  }

  /** How many interfaces it serves. */
  get size(): number {
    return this.#live.size;
  }

  /** Serves what was ordered last. */
  start(): void {
    this.#versions = this.#last.readVersions();
    const remembered = this.#last.readInterfaces();
    for (const { order } of remembered) this.#wanted.set(order.id, order);
    for (const { order, modes } of this.#byPriority(remembered)) this.#openOne(order, modes);
  }

  /** What could not go on from the process before this one. */
  get problems(): Problem[] {
    return (this.#options.keeper?.ports.problems ?? []).map(({ code, message }) => ({ code, text: message }));
  }

  /** A manager is connected: it is told everything, and what it does not name until its first `apply` ends then. */
  attach(sink: FactSink): void {
    this.#named = new Set();
    this.#outbox.attach(sink, this.#live.keys());
  }

  /** The manager is gone: the last orders hold. */
  detach(): void {
    this.#outbox.detach();
    this.#traced.clear();
    for (const [id, one] of this.#live) this.#trace(id, one);
  }

  /** The manager takes facts again. */
  drained(): void {
    this.#outbox.flush();
  }

  receive(order: Order): void {
    switch (order.is) {
      case 'versions':
        this.#versions = { entries: order.entries, ...(order.hostDefault && { hostDefault: order.hostDefault }) };
        this.#last.writeVersions(this.#versions);
        this.#reconsider = true;
        break;
      case 'interface':
        this.#wanted.set(order.interface.id, order.interface);
        this.#named.add(order.interface.id);
        break;
      case 'remove':
        this.#wanted.delete(order.id);
        this.#named.delete(order.id);
        break;
      case 'apply':
        if (order.all) this.#wanted = new Map([...this.#wanted].filter(([id]) => this.#named.has(id)));
        this.#applying = this.#applying
          .then(() => this.#apply(order.all))
          .catch((error: unknown) => this.#options.log.error('apply-failed', { error }))
          .then(() => this.#outbox.acknowledge(order.number));
        break;
      case 'report':
        for (const id of this.#live.keys()) this.#outbox.changed(id);
        this.#outbox.acknowledge(order.number);
        break;
      case 'trace':
        if (order.on) this.#traced.add(order.id);
        else this.#traced.delete(order.id);
        this.#trace(order.id, this.#live.get(order.id));
        break;
    }
  }

  /** Opens, changes and ends ports so that they are what is wanted. */
  async #apply(all: boolean): Promise<void> {
    const wanted = this.#wanted;
    const closing: Promise<void>[] = [];
    for (const [id, live] of this.#live) {
      const order = wanted.get(id);
      const { frontend, backend } = live.order;
      if (order?.frontend !== frontend || order.backend !== backend) closing.push(this.#end(id, live, order));
    }
    for (const [id, live] of this.#live)
      if (live.conflicted && this.#ownerOfPaths(live.order) === undefined)
        closing.push(this.#end(id, live, live.order));
    // their socket paths are free when they have closed
    await Promise.all(closing);
    for (const order of wanted.values()) this.#live.get(order.id)?.update(order);
    if (this.#reconsider) for (const live of this.#live.values()) live.reconsider();
    this.#reconsider = false;
    const fresh = [...wanted.values()].filter(({ id }) => !this.#live.has(id));
    const rows = fresh.map((order) => ({ order, modes: this.#modesBefore(order) }));
    for (const { order, modes } of this.#byPriority(rows)) this.#openOne(order, modes);
    if (all) await this.#endOrphans();
  }

  /** What this process remembers comes before what the manager does. */
  #modesBefore({ frontend, sticky }: InterfaceOrder): readonly StickyMode[] {
    const former = this.#former.take(frontend);
    const isOther = sticky !== undefined && !former.some(({ peer }) => samePeer(peer, sticky.peer));
    return isOther ? [...former, sticky] : former;
  }

  /** What is unforeseen about one interface costs the others nothing; it is tried again at the next start. */
  #openOne(order: InterfaceOrder, modes: readonly StickyMode[]): void {
    try {
      const opened = new RelayedInterface(order, modes, this.#around, this.#ownerOfPaths(order));
      this.#live.set(order.id, opened);
      if (!opened.conflicted) for (const place of placesIn(opened.places)) this.#places.set(place, opened);
      this.#trace(order.id, opened);
    } catch (error) {
      this.#options.log.error('interface-not-opened', { interface: order.name, error });
    }
  }

  async #end(id: string, live: RelayedInterface, again: InterfaceOrder | undefined): Promise<void> {
    this.#live.delete(id);
    for (const place of placesIn(live.places)) if (this.#places.get(place) === live) this.#places.delete(place);
    this.#former.keep(live.order.frontend, live.modes);
    if (again === undefined) this.#last.remove(id);
    await live.stop();
  }

  /** Ends connections of the process before this one whose interfaces are gone or have other endpoints now. */
  async #endOrphans(): Promise<void> {
    if (this.#orphansEnded) return;
    this.#orphansEnded = true;
    for (const name of (await this.#options.keeper?.ports.endOthers()) ?? []) {
      const text = `The connections of ${name} were closed: it was removed or changed while no agent ran`;
      this.#around.event(name, { kind: 'frontend-left', text, details: {} });
    }
  }

  /** An interface that had a socket path before gets it again: first those with connections, then those that had a guest. */
  #byPriority<Row extends { readonly order: InterfaceOrder; readonly modes: readonly unknown[] }>(
    rows: readonly Row[],
  ): Row[] {
    const turn = ({ order: { name, frontend, backend }, modes }: Row) =>
      this.#options.keeper?.ports.has(name, frontend, backend) === true ? 0 : modes.length > 0 ? 1 : 2;
    return rows.toSorted((a, b) => turn(a) - turn(b));
  }

  #ownerOfPaths(order: InterfaceOrder): string | undefined {
    for (const place of placesIn(socketPlacesOf(order))) {
      const other = this.#places.get(place)?.order;
      if (other !== undefined && other.id !== order.id) return other.name;
    }
    return undefined;
  }

  #trace(id: string, live: RelayedInterface | undefined): void {
    const listener = (message: TracedMessage) => this.#outbox.trace({ is: 'traced', id, message });
    live?.setTraceListener(this.#traced.has(id) ? listener : undefined);
  }

  /** Ends all ports; with a keeper they go on until `leave`. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#options.keeper) await Promise.all([...this.#live.values()].map((live) => live.stop()));
  }

  /** Leaves the connections to the next process. */
  leave(): void {
    clearInterval(this.#timer);
    this.#outbox.close();
    for (const live of this.#live.values()) live.leave();
    this.#live.clear();
    this.#options.keeper?.ports.leave();
  }
}
