import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { memoize } from '../../../base/memoize.ts';
import { andMore, RateLimit } from '../../../base/rate-limit.ts';
import type { SocketFileOptions } from '../../../base/socket-file.ts';
import { listenOn } from '../wire/listen-on-remote.ts';
import { formatRemote, isSecure, type PassiveRemote, parsePassiveRemote, RemoteError } from '../wire/remotes.ts';
import { pairedSockets } from '../wire/socket-pair.ts';
import { TlsAcceptor } from '../wire/tls-acceptor.ts';
import type { TlsFiles } from '../wire/tls-files.ts';
import { Admission } from './admission.ts';
import { LockTable } from './locks.ts';
import { OvsdbSession } from './ovsdb-session.ts';
import type { ServedDatabase } from './served-database.ts';
import { ServerDatabase } from './server-database.ts';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './server-limits.ts';
import type { ServedClient, SessionHost } from './session-host.ts';

type Limited = 'client refused' | 'client dropped';

export interface ServerEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: 'listening' | Limited | 'listener failed' | 'certificates' | 'internal error';
  readonly remote?: string;
  readonly text: string;
  /** The cause of an internal error. */
  readonly error?: unknown;
}

export interface ServerOptions {
  readonly limits?: Partial<ServerLimits>;
  /** Probe an idle client over TCP or TLS after this many milliseconds. 0: never. Default 5000, as OVS. */
  readonly probeIntervalMs?: number;
  readonly log?: (event: ServerEvent) => void;
  /** Who is at the other end of a connection, in words. Asked once of each client that writes. Default: nobody asks. */
  readonly identify?: (socket: Socket) => string | undefined;
  /** A client asked for something that the database never allows. */
  readonly denied?: (author: string | undefined, method: string, reason: string) => void;
}

export interface RemoteOptions extends SocketFileOptions {
  /** Clients of this remote are read-only. */
  readonly readOnly?: boolean;
  /** Needed for pssl:. */
  readonly tls?: TlsFiles | undefined;
}

export interface BoundRemote {
  /** As it can be given to listen() again, with the port that was taken: `ptcp:40123:127.0.0.1`. */
  readonly remote: string;
  /** Where clients connect to: `tcp:127.0.0.1:40123`. */
  readonly connectTo: string;
  /** Stops listening there and removes the socket file. Clients stay connected. */
  close(): Promise<void>;
}

/** Time for clients to read their last answers when the server closes. */
const FAREWELL_MS = 500;

/** Longest message of the program itself: its tables, when it publishes all of them. */
const OWN_MESSAGE_BYTES = 256 << 20;

/** A client that takes less cannot be the one that is too much: 1000 of them take 64 MB. */
const WORTH_COUNTING = 64 << 10;

/** An OVSDB server (RFC 7047): the databases that are added, and `_Server`, which describes them to clients. */
export class OvsdbServer {
  readonly #limits: ServerLimits;
  readonly #options: ServerOptions;
  readonly #databases = new Map<string, ServedDatabase>();
  readonly #serverDatabase = new ServerDatabase();
  readonly #locks = new LockTable();
  readonly #serverId = randomUUID();
  readonly #sessions = new Set<ServedClient>();
  readonly #bound = new Set<BoundRemote>();
  readonly #admission: Admission;
  readonly #rateLimit = new RateLimit({ burst: 20, windowMs: 60_000 });
  readonly #identify: (socket: Socket) => string | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.#identify = memoize((socket: Socket) => options.identify?.(socket));
    this.#limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
    this.#admission = new Admission(this.#limits);
    this.#databases.set(this.#serverDatabase.schema.name, this.#serverDatabase);
  }

  /** Serves a database from now on. The caller closes it, after the server. */
  add(database: ServedDatabase): void {
    const { name } = database.schema;
    if (this.#databases.has(name)) throw new Error(`Cannot serve database ${name}: the server has one of this name`);
    this.#databases.set(name, database);
    this.#serverDatabase.add(database);
  }

  /**
   * Serves a database in the place of the one with its name, which the caller closes afterwards. All clients have to connect
   * again: what they know of that one does not hold for this one.
   */
  replace(database: ServedDatabase): void {
    const { name } = database.schema;
    if (!this.#databases.has(name))
      throw new Error(`Cannot replace database ${name}: the server has none of this name`);
    this.#databases.set(name, database);
    this.#serverDatabase.update(database);
    for (const session of this.#sessions) session.close();
  }

  /** A connection for this program itself, which may write also to a database that is frozen. */
  attach(): Socket {
    const [near, far] = pairedSockets();
    const host = this.#hostFor({ kind: 'punix', path: '' }, 'this program', false);
    // what a client may cost is no concern of the program that serves it
    const limits = { ...host.limits, messageBytes: OWN_MESSAGE_BYTES, work: Number.MAX_SAFE_INTEGER };
    this.#sessions.add(new OvsdbSession(far, { ...host, limits, own: true }));
    return near;
  }

  /** Clients at this moment. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** About the memory that the clients take beyond their connections, in bytes. */
  get memoryBytes(): number {
    let sum = 0;
    for (const session of this.#sessions) sum += session.memoryBytes;
    return sum;
  }

  /** Listens on punix:PATH, ptcp:[PORT][:IP] or pssl:[PORT][:IP]. @throws RemoteError, TlsFilesError */
  async listen(remote: string, options: RemoteOptions = {}): Promise<BoundRemote> {
    const wanted = parsePassiveRemote(remote);
    const asked = formatRemote(wanted);
    const host = this.#hostFor(wanted, asked, options.readOnly ?? false);
    const enter = (socket: Socket): void => void this.#sessions.add(new OvsdbSession(socket, host));
    const acceptor = isSecure(wanted) ? this.#tlsAcceptor(asked, options.tls, enter) : undefined;
    const listener = await listenOn(wanted, options, (socket) => {
      const refusal = this.#admission.enter(socket, asked);
      if (refusal !== undefined) {
        socket.destroy();
        this.#refused(asked, refusal);
      } else if (acceptor) acceptor.shake(socket);
      else enter(socket);
    });
    const name = formatRemote(listener.remote);
    listener.server.on('error', (error) =>
      this.#log({ level: 'error', event: 'listener failed', remote: name, text: error.message }),
    );
    const bound: BoundRemote = {
      remote: name,
      connectTo: connectTo(listener.remote),
      close: async () => {
        if (!this.#bound.delete(bound)) return;
        listener.close();
        // The server's own `close` waits for all its connections, which may stay.
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    this.#bound.add(bound);
    this.#log({ level: 'info', event: 'listening', remote: name, text: `listening on ${name}` });
    return bound;
  }

  /** Stops listening, lets the clients read their last answers and disconnects them. */
  async close(): Promise<void> {
    const stopped = [...this.#bound].map((bound) => bound.close());
    for (const session of this.#sessions) session.close();
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, FAREWELL_MS);
    if (this.#sessions.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
    }
    clearTimeout(timer);
    this.#admission.destroyAll(); // those in a TLS handshake
    await Promise.all(stopped);
    this.#serverDatabase.close();
  }

  #tlsAcceptor(remote: string, files: TlsFiles | undefined, enter: (socket: Socket) => void): TlsAcceptor {
    const missing = 'saw no TLS files; wanted private key, certificate and CA certificate';
    if (!files) throw new RemoteError(remote, `Cannot listen on ${remote}: ${missing}`);
    return new TlsAcceptor(files, this.#limits.handshakeMs, {
      entered: enter,
      refused: (reason) => this.#refused(remote, `TLS handshake failed: ${reason}`),
      notRenewed: ({ message }) => {
        const text = `${remote} keeps the certificates it has: ${message}`;
        this.#log({ level: 'error', event: 'certificates', remote, text });
      },
    });
  }

  #hostFor(remote: PassiveRemote, name: string, readOnly: boolean): SessionHost {
    return {
      databases: this.#databases,
      locks: this.#locks,
      serverId: this.#serverId,
      limits: this.#limits,
      readOnly,
      own: false,
      identify: this.#identify,
      denied: (author, method, reason) => this.#options.denied?.(author, method, reason),
      // The kernel tells of the end of a unix socket; a TCP peer can vanish without a word.
      probeIntervalMs: remote.kind === 'punix' ? 0 : (this.#options.probeIntervalMs ?? 5000),
      internalError: (error) => {
        const text = `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
        this.#log({ level: 'error', event: 'internal error', remote: name, text, error });
      },
      // in the order of ovsdb-server; the transactions that wait are canceled afterwards
      converted: (database, answer) => {
        for (const session of this.#sessions) session.monitorsEnded(database);
        answer();
        for (const session of this.#sessions) session.leaveUnlessChangeAware();
        this.#serverDatabase.update(database);
      },
      grown: (session) => this.#grown(session),
      closed: (session, reason) => {
        this.#sessions.delete(session);
        if (reason) this.#dropped(name, reason);
        if (this.#sessions.size === 0) this.#whenEmpty?.();
      },
    };
  }

  /** One client may take much, and all of them together not more than the server has. */
  #grown(session: ServedClient): void {
    if (session.memoryBytes < WORTH_COUNTING) return;
    const { memoryBytes } = this.#limits;
    if (this.memoryBytes <= memoryBytes) return;
    const [largest] = [...this.#sessions].sort((a, b) => b.memoryBytes - a.memoryBytes);
    largest?.destroy(
      new Error(`all clients together take more than ${memoryBytes} bytes, and this one takes the most`),
    );
  }

  #dropped(remote: string, reason: Error): void {
    // Clients often end with answers unread (ECONNRESET, EPIPE).
    this.#logLimited('code' in reason ? 'info' : 'warn', 'client dropped', remote, reason.message);
  }

  #refused(remote: string, reason: string): void {
    this.#logLimited('warn', 'client refused', remote, reason);
  }

  #logLimited(level: ServerEvent['level'], event: Limited, remote: string, reason: string): void {
    const leftOut = this.#rateLimit.pass(`${event} ${remote}`);
    if (leftOut === undefined) return;
    const text = `client on ${remote} ${event.slice('client '.length)}: ${reason}${andMore(leftOut)}`;
    this.#log({ level, event, remote, text });
  }

  #log(event: ServerEvent): void {
    this.#options.log?.(event);
  }
}

function connectTo(remote: PassiveRemote): string {
  if (remote.kind === 'punix') return formatRemote({ kind: 'unix', path: remote.path });
  return formatRemote({ ...remote, kind: remote.kind === 'ptcp' ? 'tcp' : 'ssl' });
}
