import { type Endpoint, formatEndpoint } from '../../../compat-tables/entries/endpoint.ts';
import type { Abilities } from '../../../compat-tables/entries/entry.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { EndpointOpener } from '../../fd/endpoint-opener.ts';
import { connectUnix, SystemCallError } from '../../fd/libc.ts';
import { OwnedFd } from '../../fd/owned-fd.ts';
import { BackendLink } from '../link/backend-link.ts';
import { asCompatError } from '../link/relay-errors.ts';

export interface ProbeOptions {
  /** For the connection and for the answers together. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5000;

/**
 * Measures a live back-end and hangs up. Throws VC-BACKEND-CONNECT (nobody serves the path), VC-ENDPOINT
 * (it cannot be used), VC-VHOST-TIMEOUT, VC-VHOST-GONE, or what the back-end's bytes deserve.
 *
 * Hanging up is not harmless everywhere: Open vSwitch 3.2 and later change a port's features when a connection ends before
 * the device is up. Do not probe a port of a running OVS that guests are going to use.
 */
export async function probe(endpoint: Endpoint, options: ProbeOptions = {}): Promise<Abilities> {
  const what = formatEndpoint(endpoint);
  const deadline = Date.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const left = () => Math.max(1, deadline - Date.now());
  const fd = endpoint.role === 'connect' ? connect(endpoint) : await accept(endpoint, what, left());
  return await measure(fd, what, left());
}

function connect({ path }: Endpoint): OwnedFd {
  try {
    return new OwnedFd(connectUnix(path));
  } catch (error) {
    if (!(error instanceof SystemCallError) && !(error instanceof RangeError)) throw error;
    throw new CompatError('VC-BACKEND-CONNECT', `Cannot probe ${path}: ${error.message}`, { path }, { cause: error });
  }
}

async function accept(endpoint: Endpoint, what: string, timeoutMs: number): Promise<OwnedFd> {
  let door: EndpointOpener | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<OwnedFd>((resolve, reject) => {
      door = new EndpointOpener(
        endpoint,
        {},
        {
          arrived: (fd) => {
            door?.hold();
            resolve(fd);
          },
          failed: reject,
        },
      );
      door.open();
      timer = setTimeout(() => {
        const text = `Cannot probe ${what}: no back-end connected within ${timeoutMs} ms`;
        reject(new CompatError('VC-VHOST-TIMEOUT', text, { timeoutMs }));
      }, timeoutMs);
    });
  } finally {
    clearTimeout(timer);
    door?.close();
  }
}

async function measure(fd: OwnedFd, what: string, timeoutMs: number): Promise<Abilities> {
  return await new Promise<Abilities>((resolve, reject) => {
    const link = BackendLink.toMeasure(
      fd,
      { what, timeoutMs },
      {
        measured: (abilities) => {
          link.close();
          resolve(abilities);
        },
        ended: (error) => {
          if (error) reject(asCompatError(error, { endpoint: what, side: 'back-end' }));
        },
      },
    );
    link.measure();
  });
}
