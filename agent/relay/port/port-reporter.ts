import { RateLimit } from '../../../base/rate-limit.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { asCompatError } from '../link/relay-errors.ts';
import { noStatistics, type PortEvent, type PortHooks, type PortState, type Statistics } from './port-status.ts';

/** Where a problem came from decides when it is solved. */
export type EndpointProblem = 'backend-endpoint' | 'frontend-endpoint';
export type ProblemSource = EndpointProblem | 'backend' | 'mode' | 'frontend';

/** What a port reports of itself: its state and since when, unsolved problems, statistics, and events. */
export class PortReporter {
  readonly statistics: Statistics = noStatistics();
  readonly #name: string;
  readonly #hooks: PortHooks;
  readonly #limit = new RateLimit({ burst: 16, windowMs: 60_000 });
  readonly #problems = new Map<ProblemSource, CompatError>();
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

  /** The latest problem. */
  get error(): CompatError | undefined {
    return [...this.#problems.values()].at(-1);
  }

  enterState(state: PortState): void {
    if (this.#state !== state) this.#since = Date.now();
    this.#state = state;
    this.#hooks.changed();
  }

  changed(): void {
    this.#hooks.changed();
  }

  /** Something happened that is no error. */
  notify(kind: PortEvent['kind'], text: string, details: PortEvent['details'] = {}): void {
    this.event({ kind, text, details });
  }

  /** Rate-limited by kind; an event says how many of its kind were left out before it. */
  event(event: PortEvent): void {
    const leftOut = this.#limit.pass(event.kind);
    if (leftOut === undefined) return;
    this.#hooks.event(leftOut === 0 ? event : { ...event, details: { ...event.details, left_out: leftOut } });
  }

  problem(kind: ProblemSource, error: CompatError): void {
    this.#problems.delete(kind);
    this.#problems.set(kind, error);
  }

  /** A problem of this kind is solved; without a kind, all are. */
  solved(kind?: ProblemSource): void {
    if (kind) this.#problems.delete(kind);
    else this.#problems.clear();
  }

  /** False when the same problem is shown already. */
  isNewProblem(kind: ProblemSource, error: CompatError): boolean {
    return this.#problems.get(kind)?.message !== error.message;
  }

  /** A peer broke the protocol, or a socket failed. */
  fault(kind: ProblemSource, error: Error): void {
    const side = kind === 'backend' ? 'back-end' : 'front-end';
    const known = asCompatError(error, { interface: this.#name, side });
    this.statistics.faults += 1;
    this.problem(kind, known);
    this.event({ kind: 'fault', code: known.code, text: known.message, details: { ...known.details, side } });
  }

  /** A mode or a front-end was refused. */
  refusal(error: CompatError): void {
    this.statistics.refusals += 1;
    this.event({ kind: 'refused', code: error.code, text: error.message, details: error.details });
  }

  /** A socket path can be used now. `served`: a peer is connected, for which nothing changes. */
  endpointOpened(kind: EndpointProblem, state: PortState, served: boolean): void {
    this.solved(kind);
    if (served) this.changed();
    else this.enterState(state);
  }

  /** A socket path cannot be used now. `served`: a peer is connected, for which nothing changes. */
  endpointFailed(kind: EndpointProblem, error: CompatError, served: boolean): void {
    this.problem(kind, error);
    this.event({ kind: 'endpoint', code: error.code, text: error.message, details: error.details });
    if (served) this.changed();
    else this.enterState('error');
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
