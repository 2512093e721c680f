/** Endpoints as people write them: `connect:PATH` for a peer that listens, `listen:PATH` for one that connects. */
import { socketPathFault } from '../../base/socket-path.ts';
import { CompatError } from '../errors/compat-error.ts';

/** One side of an interface: the role on its unix socket, and the path of the socket. */
export interface Endpoint {
  readonly role: 'listen' | 'connect';
  readonly path: string;
}

/** Reads `listen:PATH` or `connect:PATH`; throws VC-ENDPOINT. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(listen|connect):(.*)$/s.exec(text);
  const wanted = 'wanted listen:PATH or connect:PATH with an absolute path';
  if (!match) throw new CompatError('VC-ENDPOINT', `Cannot read endpoint "${text}": ${wanted}`);
  const role = match[1] as Endpoint['role'];
  const path = match[2] ?? '';
  if (!path.startsWith('/'))
    throw new CompatError('VC-ENDPOINT', `Cannot read endpoint "${text}": path "${path}" is not absolute; ${wanted}`);
  const fault = socketPathFault(path);
  if (fault !== undefined) throw new CompatError('VC-ENDPOINT', `Cannot read endpoint "${text}": ${fault}`);
  return { role, path };
}

export function formatEndpoint({ role, path }: Endpoint): string {
  return `${role}:${path}`;
}
