import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type ActiveRemote, formatRemote } from '../wire/remotes.ts';
import { readTlsFiles, type TlsFiles } from '../wire/tls-files.ts';
import { OvsdbConnectionError } from './client-errors.ts';

const NOT_TRUSTED = "the server's certificate is not of our authority (CA certificate)";

/** Explanations of common errors of connect(2) and TLS. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket file; does the server run?',
  ECONNREFUSED: 'nobody listens there; does the server run?',
  EACCES: 'no permission to use the socket',
  ENOTSOCK: 'the file is not a socket',
  ENOTFOUND: 'the host name is not known',
  ECONNRESET: 'the server hung up',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the server does not accept our certificate',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server does not accept our certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  CERT_HAS_EXPIRED: "the server's certificate has expired",
};

/** Connects to one remote, within the timeout and until the signal aborts it. @throws OvsdbConnectionError */
export async function dial(
  remote: ActiveRemote,
  timeoutMs: number,
  signal: AbortSignal,
  tls?: TlsFiles,
): Promise<Socket> {
  const name = formatRemote(remote);
  return new Promise((resolve, reject) => {
    const socket = begin(remote, tls);
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.off('error', refused).off(CONNECTED[remote.kind], connected);
    };
    const fail = (reason: string, cause?: unknown): void => {
      settle();
      socket.on('error', () => undefined); // later errors change nothing
      socket.destroy();
      reject(new OvsdbConnectionError(name, `Cannot connect to ${name}: ${reason}`, { cause }));
    };
    const refused = (error: NodeJS.ErrnoException): void => {
      const meaning = MEANINGS[error.code ?? ''];
      fail(meaning === undefined ? error.message : `${meaning} (${error.code})`, error);
    };
    const connected = (): void => {
      settle();
      resolve(socket);
    };
    const stop = (): void => fail('the client was closed');
    const timer = setTimeout(() => fail(`no answer in ${Math.ceil(timeoutMs)} ms`), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    socket.on('error', refused).on(CONNECTED[remote.kind], connected);
    if (signal.aborted) stop();
  });
}

const NO_TLS_FILES = 'saw no TLS files; wanted private key, certificate and CA certificate';

/** The event after which a connection is ready for messages. */
const CONNECTED = { unix: 'connect', tcp: 'connect', ssl: 'secureConnect' } as const;

/** @throws OvsdbConnectionError */
function begin(remote: ActiveRemote, tls: TlsFiles | undefined): Socket {
  if (remote.kind === 'unix') return connect({ path: remote.path, allowHalfOpen: true });
  const { host, port } = remote;
  if (remote.kind === 'tcp') return connect({ host, port, allowHalfOpen: true });
  return connectTls({
    ...secureOptions(remote, tls),
    host,
    port,
    rejectUnauthorized: true,
    // As Open vSwitch does: its certificates carry names of daemons and switches, not of hosts (ovs-pki), so that a check of
    // names would refuse them all.
    checkServerIdentity: () => undefined,
    // Not in the types, though node:tls takes the options of node:net.
    ...{ allowHalfOpen: true },
  });
}

/** Reads the files at each attempt, because certificates may be renewed meanwhile. */
function secureOptions(remote: ActiveRemote, tls: TlsFiles | undefined): ReturnType<typeof readTlsFiles> {
  const name = formatRemote(remote);
  if (!tls) throw new OvsdbConnectionError(name, `Cannot connect to ${name}: ${NO_TLS_FILES}`);
  try {
    return readTlsFiles(tls);
  } catch (cause) {
    throw new OvsdbConnectionError(name, `Cannot connect to ${name}: ${(cause as Error).message}`, { cause });
  }
}
