import { RateLimit } from '../../../base/rate-limit.ts';
import type { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { asCompatError } from '../link/relay-errors.ts';
import {
  noStatistics,
  type PortEvent,
  type PortEventKind,
  type PortHooks,
  type PortState,
  type Statistics,
} from './port-status.ts';

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
  notify(kind: PortEventKind, text: string, details: PortEvent['details'] = {}): void {
    this.event({ kind, text, details });
  }

  /** Rate-limited by kind; an event says how many of its kind were left out before it. */
  event(event: PortEvent): void {
    const leftOut = this.#limit.pass(event.kind);
    if (leftOut === undefined) return;
    this.#hooks.event(leftOut === 0 ? event : { ...event, details: { ...event.details, left_out: leftOut } });
  }

  #problem(source: ProblemSource, kind: PortEventKind | undefined, error: CompatError, details = error.details): void {
    this.#problems.delete(source);
    this.#problems.set(source, error);
    if (kind) this.event({ kind, code: error.code, text: error.message, details });
  }

  solved(kind: ProblemSource): void {
    this.#problems.delete(kind);
  }

  stopped(): void {
    this.#problems.clear();
    this.enterState('stopped');
  }

  /** A peer broke the protocol, or a socket failed. `more`: what was going on. */
  fault(kind: ProblemSource, error: Error, more: PortEvent['details'] = {}): CompatError {
    const side = kind === 'backend' ? 'back-end' : 'front-end';
    const known = asCompatError(error, { interface: this.#name, side });
    this.statistics.faults += 1;
    this.#problem(kind, 'fault', known, { ...known.details, side, ...more });
    return known;
  }

  /** A front-end was refused. */
  refused(error: CompatError): void {
    this.statistics.refusals += 1;
    this.#problem('frontend', 'refused', error);
  }

  /** No mode may be offered. The same problem is told once. */
  modeRefused(error: CompatError): void {
    const isNew = this.#problems.get('mode')?.message !== error.message;
    if (isNew) this.statistics.refusals += 1;
    this.#problem('mode', isNew ? 'refused' : undefined, error);
    this.enterState('refused');
  }

  /** A socket path can be used now. `served`: a peer is connected, for which nothing changes. */
  endpointOpened(kind: EndpointProblem, state: PortState, served: boolean): void {
    this.solved(kind);
    if (served) this.changed();
    else this.enterState(state);
  }

  /** A socket path cannot be used now. `served`: a peer is connected, for which nothing changes. */
  endpointFailed(kind: EndpointProblem, error: CompatError, served: boolean): void {
    this.#problem(kind, 'endpoint', error);
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
    const packed = `The guest of ${this.#name} uses packed rings, and nobody keeps its connections`;
    const text = code === 'VC-KEEP' ? `Cannot keep the connections of ${this.#name}: ${why}` : packed;
    this.event({ kind: 'not-kept', code, text, details: {} });
  }
}
