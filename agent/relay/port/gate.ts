import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { Door, type DoorEvents, type DoorOptions } from '../../fd/door.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import type { PeerIdentity } from '../../fd/peer.ts';
import type { ModeDecision, PortConfig, PortHooks } from './port-status.ts';
import type { Report } from './report.ts';

/** Before we connect again to a front-end that was refused: connecting and hanging up is not free for it. */
const REFUSED_PAUSE_MS = 5000;

/**
 * The front-end's door, and who may come in with which mode. It is open only while a mode can be offered: a front-end that
 * finds nobody home does better than one that is let in and sent away (docs/adr/0005).
 */
export class Gate {
  readonly #config: PortConfig;
  readonly #hooks: PortHooks;
  readonly #report: Report;
  readonly #door: Door;

  constructor(config: PortConfig, hooks: PortHooks, report: Report, sockets: DoorOptions, events: DoorEvents) {
    this.#config = config;
    this.#hooks = hooks;
    this.#report = report;
    this.#door = new Door(config.frontend, sockets, events);
  }

  /** Opens the door when whoever comes next can be served, else shuts it and says why. */
  openOrRefuse(abilities: Abilities, delayMs = 0): void {
    const decision = this.#decide(abilities, undefined);
    if ('mode' in decision) {
      this.#report.over('mode');
      this.#door.open(delayMs);
      this.#report.changed();
      return;
    }
    const isNew = this.#report.isNew('mode', decision.refused);
    this.#door.close();
    this.#report.trouble('mode', decision.refused);
    if (isNew) this.#report.refusal(decision.refused);
    this.#report.enter('refused');
  }

  /** For a front-end that is connected already: who else comes is heard, and sent away. */
  openForOthers(): void {
    if (this.#config.frontend.role === 'listen') this.#door.open();
  }

  close(): void {
    this.#door.close();
  }

  /** The mode of a front-end that has come; undefined: it was refused, and its connection closed. */
  admit(fd: OwnedFd, peer: PeerIdentity, abilities: Abilities): Entry | undefined {
    const decision = this.#decide(abilities, peer);
    if ('mode' in decision) return decision.mode;
    fd.close();
    this.#report.trouble('frontend', decision.refused);
    this.#report.refusal(decision.refused);
    if (this.#config.frontend.role === 'connect') this.#door.open(REFUSED_PAUSE_MS);
    this.#report.changed();
    return undefined;
  }

  sendAway(fd: OwnedFd, peer: PeerIdentity, first: PeerIdentity): void {
    fd.close();
    const text = `Process ${peer.pid} connected while process ${first.pid} is the front-end; it was sent away`;
    this.#report.busy(text, { pid: peer.pid, frontend: first.pid });
  }

  #decide(abilities: Abilities, peer: PeerIdentity | undefined): ModeDecision {
    try {
      return this.#hooks.decide(abilities, peer);
    } catch (error) {
      const text = `Cannot choose a mode for ${this.#config.name}: ${(error as Error).message}`;
      return { refused: new CompatError('VC-INTERNAL', text, { interface: this.#config.name }, { cause: error }) };
    }
  }
}
