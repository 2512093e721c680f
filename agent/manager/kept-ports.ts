import { parseEndpoint } from '../../compat-tables/entries/endpoint.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import type { PeerIdentity } from '../fd/peer.ts';
import type { JournalHead } from '../relay/handover/journal-format.ts';
import { type ResumedConnection, readInherited } from '../relay/handover/resumed-connection.ts';
import type { Handover } from '../relay/handover/stored-pair.ts';
import { Port } from '../relay/port/port.ts';
import type { ModeDecision, PortEvent, PortHooks, PortOptions } from '../relay/port/port-status.ts';

/** So many events of a port are remembered until somebody adopts it. */
const MAX_EVENTS = 64;

/** Hooks of a port that works already while the agent around it still starts. */
class LateHooks implements PortHooks {
  readonly #name: string;
  readonly #early: PortEvent[] = [];
  #hooks: PortHooks | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** From now on these hear everything, first of all what happened before. */
  adopt(hooks: PortHooks): void {
    this.#hooks = hooks;
    for (const event of this.#early.splice(0)) hooks.event(event);
    hooks.changed();
  }

  decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    if (this.#hooks) return this.#hooks.decide(abilities, peer);
    const text = `Cannot choose a mode for ${this.#name}: the agent is starting`;
    return { refused: new CompatError('VC-AGENT-STARTING', text, { interface: this.#name }) };
  }

  changed(): void {
    this.#hooks?.changed();
  }

  event(event: PortEvent): void {
    if (this.#hooks) this.#hooks.event(event);
    else if (this.#early.length < MAX_EVENTS) this.#early.push(event);
  }
}

/** A port that goes on with the connections of an earlier agent. */
export interface KeptPort {
  readonly port: Port;
  readonly head: JournalHead;
  adopt(hooks: PortHooks): void;
}

/**
 * The connections of an earlier agent, relayed from the moment this is made: before tables, database and API, because a
 * guest that speaks to its network card in the meantime stands still until it is answered.
 */
export class KeptPorts {
  /** What could not go on, and was closed. */
  readonly problems: readonly CompatError[];
  readonly #ports = new Map<string, KeptPort>();
  readonly #forgetStale: () => void;

  constructor(handover: Handover, inherited: ReadonlyMap<string, readonly OwnedFd[]>, options: PortOptions) {
    const left = readInherited(handover, inherited);
    this.problems = left.problems;
    this.#forgetStale = left.forgetStale;
    for (const connection of left.connections) this.#revive(connection, options);
  }

  get size(): number {
    return this.#ports.size;
  }

  #revive(connection: ResumedConnection, options: PortOptions): void {
    const { head } = connection;
    const hooks = new LateHooks(head.name);
    const port = new Port(
      {
        name: head.name,
        deviceType: head.deviceType,
        frontend: parseEndpoint(head.frontend),
        backend: parseEndpoint(head.backend),
        ...(head.socketGroup === undefined ? {} : { socketGroup: head.socketGroup }),
      },
      hooks,
      options,
    );
    port.resume(connection);
    this.#ports.set(head.name, { port, head, adopt: (adopter) => hooks.adopt(adopter) });
  }

  /** Whether an interface is still served at the same sockets. */
  has(name: string, frontend: string, backend: string): boolean {
    const kept = this.#ports.get(name);
    return kept !== undefined && kept.head.frontend === frontend && kept.head.backend === backend;
  }

  /** The port of an interface that is still served at the same sockets. Nobody else gets it then. */
  claim(name: string, frontend: string, backend: string): KeptPort | undefined {
    const kept = this.has(name, frontend, backend) ? this.#ports.get(name) : undefined;
    if (kept) this.#ports.delete(name);
    return kept;
  }

  /**
   * Ends the ports that nobody claimed: their interfaces were removed or changed while no agent was there. Forgets what
   * belongs to nobody; not before the database is ours, because until then another agent may be at work here.
   */
  async endUnclaimed(): Promise<string[]> {
    this.#forgetStale();
    const rest = [...this.#ports.values()];
    this.#ports.clear();
    await Promise.all(rest.map(({ port }) => port.stop()));
    return rest.map(({ head }) => head.name);
  }

  /** Leaves everything to the next agent, as when this one cannot start. */
  leave(): void {
    for (const { port } of this.#ports.values()) port.leave();
    this.#ports.clear();
  }
}
