import { socketPathFault } from '../../../base/socket-path.ts';

/** Connection methods in the notation of ovsdb(7): active ones to connect to, passive ones to listen on. */

export type ActiveRemote =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number };

export type PassiveRemote =
  | { readonly kind: 'punix'; readonly path: string }
  | { readonly kind: 'ptcp' | 'pssl'; readonly host: string; readonly port: number };

export type Remote = ActiveRemote | PassiveRemote;

/** A remote that cannot be read, bound or used. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly remote: string;

  constructor(remote: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.remote = remote;
  }
}

/** The port that IANA assigned to OVSDB. */
const OVSDB_PORT = 6640;

/**
 * The address to listen on when none is given. `pssl:` takes all IPv4 addresses, as ovsdb-server does, because clients need a
 * certificate of our authority. `ptcp:` does not: without TLS anybody who reaches the port may write, so all addresses must
 * be requested: `ptcp:6640:0.0.0.0`.
 */
const DEFAULT_LISTEN_HOST = { ptcp: '127.0.0.1', pssl: '0.0.0.0' } as const;

const WANTED_ACTIVE = 'unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT]';
const WANTED_PASSIVE = 'punix:PATH, ptcp:[PORT][:IP] or pssl:[PORT][:IP]';

const READERS: Readonly<Record<string, (rest: string, text: string) => Remote>> = {
  unix: (rest, text) => ({ kind: 'unix', path: socketPath(rest, text) }),
  punix: (rest, text) => ({ kind: 'punix', path: socketPath(rest, text) }),
  tcp: active('tcp'),
  ssl: active('ssl'),
  ptcp: passive('ptcp'),
  pssl: passive('pssl'),
};

function active(kind: 'tcp' | 'ssl') {
  return (rest: string, text: string): ActiveRemote => {
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(rest);
    const host = match?.[1] ?? match?.[2];
    if (host === undefined) throw unreadable(text, `wanted ${kind}:HOST[:PORT], an IPv6 address in brackets`);
    return { kind, host, port: portNumber(match?.[3], text, 1) };
  };
}

function passive(kind: 'ptcp' | 'pssl') {
  return (rest: string, text: string): PassiveRemote => {
    const match = /^(\d*)(?::(?:\[([^\]]+)\]|([^:[\]]+)))?$/.exec(rest);
    if (!match) throw unreadable(text, `wanted ${kind}:[PORT][:IP], an IPv6 address in brackets`);
    const port = match[1] === '' ? undefined : match[1];
    return { kind, host: match[2] ?? match[3] ?? DEFAULT_LISTEN_HOST[kind], port: portNumber(port, text, 0) };
  };
}

/** @throws RemoteError */
export function parseRemote(text: string): Remote {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(colon, 0));
  const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  if (!read) throw unreadable(text, `wanted ${WANTED_ACTIVE} to connect to; ${WANTED_PASSIVE} to listen on`);
  return read(text.slice(colon + 1), text);
}

/** Reads a comma list of remotes to connect to. @throws RemoteError */
export function parseActiveRemotes(text: string): ActiveRemote[] {
  return text.split(',').map((part) => {
    const remote = parseRemote(part.trim());
    if (isActive(remote)) return remote;
    throw unreadable(part, `one listens there; wanted ${WANTED_ACTIVE} to connect to`);
  });
}

/** @throws RemoteError */
export function parsePassiveRemote(text: string): PassiveRemote {
  const remote = parseRemote(text);
  if (!isActive(remote)) return remote;
  throw unreadable(text, `one connects there; wanted ${WANTED_PASSIVE} to listen on`);
}

/** Whether the transport is TLS, so that keys and certificates are needed. */
export function isSecure(remote: Remote): boolean {
  return remote.kind === 'ssl' || remote.kind === 'pssl';
}

export function formatRemote(remote: Remote): string {
  if ('path' in remote) return `${remote.kind}:${remote.path}`;
  const host = remote.host.includes(':') ? `[${remote.host}]` : remote.host;
  return isActive(remote) ? `${remote.kind}:${host}:${remote.port}` : `${remote.kind}:${remote.port}:${host}`;
}

function isActive(remote: Remote): remote is ActiveRemote {
  return remote.kind === 'unix' || remote.kind === 'tcp' || remote.kind === 'ssl';
}

function socketPath(path: string, text: string): string {
  const fault = socketPathFault(path);
  if (fault !== undefined) throw unreadable(text, fault);
  return path;
}

function portNumber(text: string | undefined, remote: string, least: number): number {
  const port = text === undefined ? OVSDB_PORT : Number(text);
  if (port < least || port > 65535) throw unreadable(remote, `port ${text}; wanted ${least} to 65535`);
  return port;
}

function unreadable(text: string, reason: string): RemoteError {
  return new RemoteError(text, `Cannot read remote "${text}": ${reason}`);
}
