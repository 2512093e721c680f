import { Backoff } from '../../base/backoff.ts';
import type { SocketFileOptions } from '../../base/socket-file.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Endpoint } from '../../compat-tables/protocol/endpoint.ts';
import { connectUnix, SystemCallError } from './libc.ts';
import { Listener } from './listener.ts';
import { OwnedFd } from './owned-fd.ts';
import { identifyPeer, type PeerIdentity } from './peer.ts';

export interface EndpointOpenerEvents {
  /** Peers can come now: the socket file is there, or connecting would work if there were a peer. Once per `open`. */
  opened?(): void;
  arrived(fd: OwnedFd, peer: PeerIdentity): void;
  /** The endpoint cannot be used now; it is tried again. Reported once per reason. */
  failed(error: CompatError): void;
}

export interface EndpointOpenerOptions extends SocketFileOptions {
  /** Between tries: the first pause, doubled up to the longest. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
}

/** As fast as a restarted peer is expected to be, as slow as a missing one does not cost. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** A peer that is not there (yet), or whose queue is full: nothing to complain of. */
const ABSENT: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'EAGAIN'];

/**
 * Opens one endpoint again and again. In the role `listen` it has a socket file while it is open and accepts one peer after
 * the other; in the role `connect` it tries until it has one peer, and then rests until it is opened anew.
 */
export class EndpointOpener {
  readonly #endpoint: Endpoint;
  readonly #options: EndpointOpenerOptions;
  readonly #events: EndpointOpenerEvents;
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #backoff: Backoff;
  #lastError: string | undefined;
  #complained: string | undefined;
  #announced = false;

  constructor(endpoint: Endpoint, options: EndpointOpenerOptions, events: EndpointOpenerEvents) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#events = events;
    this.#backoff = new Backoff({
      firstMs: options.firstPauseMs ?? FIRST_PAUSE_MS,
      longestMs: options.longestPauseMs ?? LONGEST_PAUSE_MS,
    });
  }

  /** The system's error code, or else the text, of the last attempt; undefined when it succeeded or none was made yet. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Lets peers come, after a delay; one that is listening goes on. Nothing happens before this returns. */
  open(delayMs = 0): void {
    clearTimeout(this.#timer);
    this.#backoff.reset();
    this.#announced = false;
    this.#complained = undefined;
    this.#after(delayMs);
  }

  #after(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#try();
    }, delayMs);
  }

  #try(): void {
    let connection: OwnedFd | undefined;
    try {
      if (this.#endpoint.role === 'listen') this.#listen();
      else connection = new OwnedFd(connectUnix(this.#endpoint.path));
    } catch (error) {
      this.#lastError = causeOf(error);
      this.#tryLater();
      if (isAbsent(error)) this.#announce();
      else this.#complain(error);
      return;
    }
    this.#lastError = undefined;
    this.#announce();
    if (connection && !this.#arrived(connection, this.#endpoint.path)) this.#tryLater();
  }

  #tryLater(): void {
    this.#after(this.#backoff.next());
  }

  #listen(): void {
    if (this.#listener) this.#listener.resume();
    else this.#listener = new Listener(this.#endpoint.path, this.#options, (fd) => void this.#arrived(fd));
  }

  /** False: the peer was gone before it could be identified. */
  #arrived(fd: OwnedFd, connectedTo?: string): boolean {
    let peer: PeerIdentity;
    try {
      peer = identifyPeer(fd.raw, connectedTo);
    } catch (error) {
      fd.close();
      this.#complain(error);
      return false;
    }
    this.#events.arrived(fd, peer);
    return true;
  }

  #announce(): void {
    this.#complained = undefined;
    if (this.#announced) return;
    this.#announced = true;
    this.#events.opened?.();
  }

  #complain(error: unknown): void {
    const { path } = this.#endpoint;
    const told =
      error instanceof CompatError
        ? error
        : new CompatError(
            'VC-ENDPOINT',
            `Cannot use ${path}: ${(error as Error).message}`,
            { path, cause: causeOf(error) },
            { cause: error },
          );
    if (told.message === this.#complained) return;
    this.#complained = told.message;
    this.#events.failed(told);
  }

  /** Accepts nobody for now, but keeps the socket file: connections wait in the kernel's queue. */
  hold(): void {
    this.#stopTrying();
    this.#listener?.hold();
  }

  /** Stops trying and removes the socket file. */
  close(): void {
    this.#stopTrying();
    this.#listener?.close();
    this.#listener = undefined;
  }

  #stopTrying(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** `EACCES`; the text where the system gave no code. */
function causeOf(error: unknown): string {
  return error instanceof SystemCallError ? error.code : (error as Error).message;
}

function isAbsent(error: unknown): boolean {
  return error instanceof SystemCallError && ABSENT.includes(error.code);
}
