/** Time for a process to load and to give its first sign. */
const FIRST_SIGN_MS = 60_000;

/** The keeper's side of a watchdog: tells when a process has given no sign of life for too long. */
export class Silence {
  readonly #limitMs: number;
  readonly #catchUp: () => void;
  readonly #tooLong: (silentMs: number) => void;
  #heardAt: number;
  #patienceMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** `catchUp` reads what was sent until now: this process itself may have stood still. */
  constructor(limitMs: number, catchUp: () => void, tooLong: (silentMs: number) => void) {
    this.#limitMs = limitMs;
    this.#catchUp = catchUp;
    this.#tooLong = tooLong;
    this.#heardAt = performance.now();
    this.#patienceMs = Math.max(limitMs, FIRST_SIGN_MS);
    this.#schedule(this.#patienceMs);
  }

  heard(): void {
    this.#heardAt = performance.now();
    if (this.#patienceMs === this.#limitMs) return;
    this.#patienceMs = this.#limitMs;
    this.#schedule(this.#limitMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    this.#catchUp();
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs >= this.#patienceMs) this.#tooLong(Math.round(silentMs));
    else this.#schedule(this.#patienceMs - silentMs);
  }
}
