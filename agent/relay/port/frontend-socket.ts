import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { EndpointOpener, type EndpointOpenerEvents } from '../../fd/endpoint-opener.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { PortReporter } from './port-reporter.ts';
import type { ModeDecision, PortConfig, PortHooks } from './port-status.ts';

/** The pause before connecting again to a front-end that was refused: a connection that ends at once costs it work. */
const REFUSED_PAUSE_MS = 5000;
/** A front-end asks for features as soon as it is connected; one that is silent for so long makes room for another. */
const SILENCE_MS = 1000;

/**
 * The front-end's endpoint, and which mode a front-end gets. It opens only while the back-end is connected and a mode can
 * be offered: a front-end that finds no socket does better than one that is accepted and sent away (docs/adr/0005).
 */
export class FrontendSocket {
  readonly #config: PortConfig;
  readonly #hooks: PortHooks;
  readonly #reporter: PortReporter;
  readonly #opener: EndpointOpener;
  /** Why no front-end is let in, whatever its mode would be. */
  #heldBack: CompatError | undefined;

  constructor(config: PortConfig, hooks: PortHooks, reporter: PortReporter, events: EndpointOpenerEvents) {
    this.#config = config;
    this.#hooks = hooks;
    this.#reporter = reporter;
    this.#opener = new EndpointOpener(config.frontend, { group: config.socketGroup }, events);
  }

  /** Opens the socket when the next front-end can be served, else closes it and reports why. */
  openOrRefuse(abilities: Abilities, delayMs = 0): void {
    const decision = this.#decide(abilities, undefined);
    if ('mode' in decision) {
      this.#reporter.solved('mode');
      this.#opener.open(delayMs);
      this.#reporter.changed();
      return;
    }
    this.#opener.close();
    this.#reporter.modeRefused(decision.refused);
  }

  /** While a front-end is connected: a second one is accepted and sent away. */
  openForOthers(): void {
    if (this.#config.frontend.role === 'listen') this.#opener.open();
  }

  close(): void {
    this.#opener.close();
  }

  /** The mode of a front-end that has connected; undefined: it was refused, and its connection closed. */
  admit(fd: OwnedFd, peer: PeerIdentity, abilities: Abilities): Entry | undefined {
    const decision = this.#decide(abilities, peer);
    if ('mode' in decision) return decision.mode;
    fd.close();
    this.#reporter.refused(decision.refused);
    if (this.#config.frontend.role === 'connect') this.#opener.open(REFUSED_PAUSE_MS);
    this.#reporter.changed();
    return undefined;
  }

  /** Closes the connection of a second front-end; the first one stays. */
  sendAway(fd: OwnedFd, peer: PeerIdentity, first: PeerIdentity): void {
    fd.close();
    const text = `Process ${peer.pid} connected while process ${first.pid} is the front-end; it was sent away`;
    this.#reporter.busy(text, { pid: peer.pid, frontend: first.pid });
  }

  /** Lets no front-end in until `over` settles; then calls `again`. */
  holdBack(error: CompatError, over: Promise<void>, again: () => void): void {
    this.#heldBack = error;
    void over.then(() => {
      if (this.#heldBack !== error) return;
      this.#heldBack = undefined;
      again();
    });
  }

  #decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    if (this.#heldBack) return { refused: this.#heldBack };
    try {
      return this.#hooks.decide(abilities, peer);
    } catch (error) {
      const text = `Cannot choose a mode for ${this.#config.name}: ${(error as Error).message}`;
      return { refused: new CompatError('VC-INTERNAL', text, { interface: this.#config.name }, { cause: error }) };
    }
  }
}

/** Whether a connected front-end that has been silent for so long is replaced by one that connects now. */
export function makesRoom(silentMs = 0): boolean {
  return silentMs >= SILENCE_MS;
}
