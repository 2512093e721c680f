import { Backoff } from '../../base/backoff.ts';
import type { SocketFileOptions } from '../../base/socket-file.ts';
import { openSocketFile } from '../../base/socket-to-connect.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Endpoint } from '../../compat-tables/protocol/endpoint.ts';
import { connectUnix } from './libc.ts';
import { Listener } from './listener.ts';
import { ClosingTally, type OwnedFd, ownConnection } from './owned-fd.ts';
import { identifyPeer, type PeerIdentity } from './peer.ts';
import { PORT_DIRECTORIES } from './port-directories.ts';

export interface EndpointOpenerEvents {
  /** Peers can come: the socket file is there, or connecting waits only for a peer. Once per `open`. */
  opened?(): void;
  arrived(fd: OwnedFd, peer: PeerIdentity): void;
  /** The endpoint cannot be used now and is tried again. Once per reason. */
  failed(error: CompatError): void;
}

export interface EndpointOpenerOptions extends SocketFileOptions {
  /** The pause between tries: the first, doubled up to the longest. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
}

/** Quick enough for a peer that restarts, slow enough to cost nothing while it is away. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** The peer is not there (yet), or its queue is full: no error. */
const ABSENT: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'EAGAIN'];

/**
 * Opens one endpoint again and again. In the role `listen` it has a socket file while it is open and accepts each peer; in
 * the role `connect` it tries until it has one peer, and then waits for the next `open`.
 */
export class EndpointOpener {
  readonly #endpoint: Endpoint;
  readonly #options: EndpointOpenerOptions;
  readonly #events: EndpointOpenerEvents;
  #listener: Listener | undefined;
  readonly #tally = new ClosingTally(() => this.#listener?.roomAgain());
  #timer: NodeJS.Timeout | undefined;
  readonly #backoff: Backoff;
  #lastError: string | undefined;
  #reported: string | undefined;
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

  /** The last attempt's error code, or its text where it has none; undefined when it succeeded or none was made. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Lets peers come after a delay; an opener that listens goes on. No event comes before this returns. */
  open(delayMs = 0): void {
    clearTimeout(this.#timer);
    this.#backoff.reset();
    this.#announced = false;
    this.#reported = undefined;
    this.#after(delayMs);
  }

  #after(delayMs: number): void {
    this.#timer = setTimeout(() => this.#try(), delayMs);
  }

  #try(): void {
    if (this.#tally.isFull) {
      this.#after(this.#backoff.next());
      return;
    }
    let connection: OwnedFd | undefined;
    try {
      if (this.#endpoint.role === 'listen') this.#listen();
      else connection = connectToFile(this.#endpoint.path, this.#tally);
    } catch (error) {
      this.#lastError = causeOf(error);
      this.#after(this.#backoff.next());
      if (isAbsent(error)) this.#announce();
      else this.#report(error);
      return;
    }
    this.#lastError = undefined;
    this.#announce();
    if (connection && !this.#arrived(connection, this.#endpoint.path)) this.#after(this.#backoff.next());
  }

  #listen(): void {
    if (this.#listener) this.#listener.resume();
    else
      this.#listener = new Listener(
        this.#endpoint.path,
        { ...this.#options, directories: PORT_DIRECTORIES },
        (fd) => void this.#arrived(fd),
        this.#tally,
      );
  }

  /** False: the peer was gone before it could be identified. */
  #arrived(fd: OwnedFd, connectedTo?: string): boolean {
    let peer: PeerIdentity;
    try {
      peer = identifyPeer(fd.raw, connectedTo);
    } catch (error) {
      fd.close();
      this.#report(error);
      return false;
    }
    this.#events.arrived(fd, peer);
    return true;
  }

  #announce(): void {
    this.#reported = undefined;
    if (this.#announced) return;
    this.#announced = true;
    this.#events.opened?.();
  }

  #report(error: unknown): void {
    const { path } = this.#endpoint;
    const text = `Cannot use ${path}: ${(error as Error).message}`;
    const details = { path, cause: causeOf(error) };
    const reported =
      error instanceof CompatError ? error : new CompatError('VC-ENDPOINT', text, details, { cause: error });
    if (reported.message === this.#reported) return;
    this.#reported = reported.message;
    this.#events.failed(reported);
  }

  /** Accepts nobody until `open`, but keeps the socket file: connections wait in the kernel's queue. */
  hold(): void {
    clearTimeout(this.#timer);
    this.#listener?.hold();
  }

  /** Stops trying and removes the socket file. */
  close(): void {
    clearTimeout(this.#timer);
    this.#listener?.close();
    this.#listener = undefined;
  }
}

/**
 * Connects to the socket that is at a path of a port now: to the file itself, so that nothing else can take its place.
 * Throws SocketFileError, or an error with the `code` of the system call.
 */
export function connectToFile(path: string, tally?: ClosingTally): OwnedFd {
  const file = openSocketFile(path, PORT_DIRECTORIES);
  try {
    return ownConnection(connectUnix(file.path), tally);
  } finally {
    file.close();
  }
}

/** The system's code, such as `EACCES`, or the text where there is none. */
function causeOf(error: unknown): string {
  return systemCodeOf(error) ?? (error as Error).message;
}

function systemCodeOf(error: unknown): string | undefined {
  if (error instanceof CompatError) return undefined;
  return (error as { readonly code?: string }).code;
}

function isAbsent(error: unknown): boolean {
  return ABSENT.includes(systemCodeOf(error) ?? '');
}
