import type { Socket } from 'node:net';
import { type Credentials, peerCredentials } from './libc.ts';

/** Who connected a unix socket of node. Node does not offer it, but the descriptor. Undefined: it has hung up, or is no unix socket. */
export function socketCredentials(socket: Socket): Credentials | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } };
  try {
    return handle?.fd === undefined || handle.fd < 0 ? undefined : peerCredentials(handle.fd);
  } catch {
    return undefined;
  }
}
