import type { CompatError } from '../../compat-tables/errors.ts';
import { familyOf, featureNames, LOG_ALL } from '../../compat-tables/features.ts';
import { formatMask } from '../../compat-tables/mask.ts';
import type { Abilities, Entry } from '../../compat-tables/types.ts';
import { FdSocket } from '../fd/fd-socket.ts';
import type { OwnedFd } from '../fd/owned-fd.ts';
import type { PeerIdentity } from '../fd/peer.ts';
import { VhostFramer } from '../vhost/framer.ts';
import type { VhostMessage } from './backend-link.ts';
import { type Action, beginSession, onReply, onRequest, type SessionState, type Step } from './session.ts';
import type { PortEvent, Statistics } from './status.ts';

export interface FrontendLinkEvents {
  toBackend(message: VhostMessage): void;
  /** Something that the status shows has changed. */
  changed(): void;
  event(event: PortEvent): void;
  /** A refusal; with `close` the link has to be closed by whoever hears this. */
  refused(error: CompatError, close: boolean): void;
  backlog(waiting: boolean): void;
  /** Once. Undefined: it hung up, or was closed. */
  ended(error: Error | undefined): void;
}

export interface FrontendLinkContext {
  readonly interface: string;
  readonly mode: Entry;
  readonly abilities: Abilities;
  readonly peer: PeerIdentity;
  readonly statistics: Statistics;
}

/** A connected front-end and what it has negotiated. The session decides; this does what was decided. */
export class FrontendLink {
  readonly context: FrontendLinkContext;
  readonly #socket: FdSocket<VhostMessage>;
  readonly #events: FrontendLinkEvents;
  #session: SessionState;

  /** Takes the descriptor over. */
  constructor(fd: OwnedFd, context: FrontendLinkContext, events: FrontendLinkEvents) {
    this.context = context;
    this.#events = events;
    this.#session = beginSession(context, context.abilities);
    this.#socket = new FdSocket<VhostMessage>(fd, new VhostFramer<OwnedFd>(), {
      message: (message) => this.#request(message),
      backlog: (waiting) => events.backlog(waiting),
      closed: (error) => events.ended(error),
    });
  }

  get session(): SessionState {
    return this.#session;
  }

  #request(message: VhostMessage): void {
    const step = onRequest(this.context, this.#session, message);
    this.#perform(message, step, (bytes) => {
      this.#count('to_backend', message);
      this.#events.toBackend({ ...message, bytes });
    });
  }

  /** A reply of the back-end. */
  reply(message: VhostMessage): void {
    const step = onReply(this.context, this.#session, message);
    this.#perform(message, step, (bytes) => {
      this.#count('to_frontend', message);
      this.#socket.write(bytes, message.fds);
    });
  }

  #perform(message: VhostMessage, step: Step, forward: (bytes: Uint8Array) => void): void {
    const before = this.#session;
    this.#session = step.state;
    let forwarded = false;
    for (const action of step.actions) {
      const bytes = forwardedBytes(action, message);
      if (bytes) forward(bytes);
      else this.#other(action);
      forwarded ||= bytes !== undefined;
    }
    if (!forwarded) for (const fd of message.fds) fd.close();
    this.#notice(before);
  }

  #other(action: Action): void {
    if (action.do === 'answer') {
      this.context.statistics.messages_to_frontend += 1;
      this.#socket.write(action.bytes);
    } else if (action.do === 'count') this.context.statistics[action.what] += 1;
    else if (action.do === 'refuse') this.#events.refused(action.error, action.close);
  }

  #count(way: 'to_backend' | 'to_frontend', { fds }: VhostMessage): void {
    this.context.statistics[`messages_${way}`] += 1;
    this.context.statistics[`descriptors_${way}`] += fds.length;
  }

  #notice(before: SessionState): void {
    const now = this.#session;
    const shown: readonly (keyof SessionState)[] = ['offered', 'acked', 'ackedProtocol', 'queuePairs', 'ringSizes'];
    if (!shown.some((key) => now[key] !== before[key])) return;
    if (now.acked !== undefined && now.acked !== before.acked && !onlyLogging(before.acked, now.acked))
      this.#events.event(negotiated(this.context, now.acked));
    this.#events.changed();
  }

  get queued(): number {
    return this.#socket.queued;
  }

  readNow(): void {
    this.#socket.readNow();
  }

  pause(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy(undefined);
  }
}

function forwardedBytes(action: Action, message: VhostMessage): Uint8Array | undefined {
  if (action.do === 'forward') return message.bytes;
  return action.do === 'forwardChanged' ? action.bytes : undefined;
}

function onlyLogging(before: bigint | undefined, now: bigint): boolean {
  return before !== undefined && ((before ^ now) & ~LOG_ALL) === 0n;
}

function negotiated({ mode }: FrontendLinkContext, acked: bigint): PortEvent {
  const features = featureNames(familyOf(mode.deviceType), acked);
  return {
    kind: 'negotiated',
    text: `The front-end accepted ${formatMask(acked)} of version ${mode.version}`,
    details: { version: mode.version, acked: formatMask(acked), features },
  };
}
