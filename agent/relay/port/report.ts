import { RateLimit } from '../../../base/rate-limit.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { asCompatError } from '../link/relay-errors.ts';
import { noStatistics, type PortEvent, type PortHooks, type PortState, type Statistics } from './port-status.ts';

/** Where an error came from decides what makes it a thing of the past. */
export type DoorTrouble = 'backend-endpoint' | 'frontend-endpoint';
export type Trouble = DoorTrouble | 'backend' | 'mode' | 'frontend';

/** What a port tells of itself: the state it is in and since when, its troubles, its statistics, and events. */
export class Report {
  readonly statistics: Statistics = noStatistics();
  readonly #name: string;
  readonly #hooks: PortHooks;
  readonly #limit = new RateLimit({ burst: 16, windowMs: 60_000 });
  readonly #troubles = new Map<Trouble, CompatError>();
  #state: PortState = 'stopped';
  #since = Date.now();

  constructor(name: string, hooks: PortHooks) {
    this.#name = name;
    this.#hooks = hooks;
  }

  get state(): PortState {
    return this.#state;
  }

  /** Milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  /** The latest trouble is the one that is shown. */
  get error(): CompatError | undefined {
    return [...this.#troubles.values()].at(-1);
  }

  enter(state: PortState): void {
    if (this.#state !== state) this.#since = Date.now();
    this.#state = state;
    this.#hooks.changed();
  }

  changed(): void {
    this.#hooks.changed();
  }

  /** Something happened that is no error. */
  tell(kind: PortEvent['kind'], text: string, details: PortEvent['details'] = {}): void {
    this.event({ kind, text, details });
  }

  /** Of what happens again and again only some is told, with the number of those that were not. */
  event(event: PortEvent): void {
    const leftOut = this.#limit.pass(event.kind);
    if (leftOut === undefined) return;
    this.#hooks.event(leftOut === 0 ? event : { ...event, details: { ...event.details, left_out: leftOut } });
  }

  trouble(kind: Trouble, error: CompatError): void {
    this.#troubles.delete(kind);
    this.#troubles.set(kind, error);
  }

  /** A trouble of this kind is over; without a kind, all are. */
  over(kind?: Trouble): void {
    if (kind) this.#troubles.delete(kind);
    else this.#troubles.clear();
  }

  /** False when the very same is shown already. */
  isNew(kind: Trouble, error: CompatError): boolean {
    return this.#troubles.get(kind)?.message !== error.message;
  }

  /** A peer broke the protocol, or a socket failed. */
  fault(kind: Trouble, error: Error): void {
    const side = kind === 'backend' ? 'back-end' : 'front-end';
    const known = asCompatError(error, { interface: this.#name, side });
    this.statistics.faults += 1;
    this.trouble(kind, known);
    this.event({ kind: 'fault', code: known.code, text: known.message, details: { ...known.details, side } });
  }

  /** A mode or a front-end was refused. */
  refusal(error: CompatError): void {
    this.statistics.refusals += 1;
    this.event({ kind: 'refused', code: error.code, text: error.message, details: error.details });
  }

  /** A socket path that cannot be used; who is connected already does not feel it. */
  endpoint(kind: DoorTrouble, error: CompatError): void {
    this.trouble(kind, error);
    this.event({ kind: 'endpoint', code: error.code, text: error.message, details: error.details });
  }

  /** A front-end that was sent away because of another. */
  busy(text: string, details: PortEvent['details']): void {
    this.statistics.frontend_busy += 1;
    this.event({ kind: 'busy', code: 'VC-FRONTEND-BUSY', text, details });
    this.#hooks.changed();
  }

  /** The connections would not outlive this process. */
  notKept(code: 'VC-KEEP' | 'VC-KEEP-PACKED', why: string): void {
    const text =
      code === 'VC-KEEP'
        ? `Cannot keep the connections of ${this.#name}: ${why}`
        : `The guest of ${this.#name} uses packed rings, and nobody keeps its connections`;
    this.event({ kind: 'not-kept', code, text, details: {} });
  }
}
