import { SocketFileError } from '../../../base/socket-file-error.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { type Endpoint, formatEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import { connectToFile } from '../../fd/endpoint-opener.ts';
import { firstConnection } from '../../fd/first-connection.ts';
import type { OwnedFd } from '../../fd/owned-fd.ts';
import { BackendLink } from '../link/backend-link.ts';
import { asCompatError } from '../link/relay-errors.ts';

/** For the connection and for the answers together. */
const DEFAULT_TIMEOUT_MS = 5000;

/**
 * Measures a live back-end and hangs up. Throws VC-BACKEND-CONNECT (nobody serves the path), VC-ENDPOINT
 * (it cannot be used), VC-VHOST-TIMEOUT, VC-VHOST-GONE, or what the back-end's bytes deserve.
 *
 * Hanging up is not harmless everywhere: Open vSwitch 3.2 and later change a port's features when a connection ends before
 * the device is up. Do not probe a port of a running OVS that guests are going to use.
 */
export async function probe(
  endpoint: Endpoint,
  { timeoutMs: allowedMs = DEFAULT_TIMEOUT_MS } = {},
): Promise<Abilities> {
  const what = formatEndpoint(endpoint);
  const deadline = performance.now() + allowedMs;
  const left = () => Math.max(1, deadline - performance.now());
  const timeoutMs = left();
  const tooLate = (): CompatError => {
    const text = `Cannot probe ${what}: no back-end connected within ${timeoutMs} ms`;
    return new CompatError('VC-VHOST-TIMEOUT', text, { timeoutMs });
  };
  const connects = endpoint.role === 'connect';
  const fd = connects ? connect(endpoint) : await firstConnection(endpoint, {}, timeoutMs, tooLate);
  return await measure(fd, what, left());
}

function connect({ path }: Endpoint): OwnedFd {
  try {
    return connectToFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined && !(error instanceof SocketFileError)) throw error;
    throw new CompatError('VC-BACKEND-CONNECT', `Cannot probe ${path}: ${message}`, { path }, { cause: error });
  }
}

async function measure(fd: OwnedFd, what: string, timeoutMs: number): Promise<Abilities> {
  return await new Promise<Abilities>((resolve, reject) => {
    const measured = (abilities: Abilities): void => {
      link.close();
      resolve(abilities);
    };
    const ended = (_link: BackendLink, error: Error | undefined): void => {
      if (error) reject(asCompatError(error, { endpoint: what, side: 'back-end' }));
    };
    const link = BackendLink.toMeasure(fd, { what, timeoutMs }, { measured, ended });
    link.measure();
  });
}
