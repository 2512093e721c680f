import { CompatError } from '../errors/compat-error.ts';

/** One side of an interface: who opens the unix socket, and where it stands in the file system. */
export interface Endpoint {
  readonly role: 'listen' | 'connect';
  readonly path: string;
}

/** sockaddr_un has room for 108 bytes, the closing zero included (unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Reads `listen:PATH` or `connect:PATH`; throws VC-ENDPOINT. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(listen|connect):(.*)$/s.exec(text);
  const wanted = 'wanted listen:PATH or connect:PATH with an absolute path';
  if (!match) throw new CompatError('VC-ENDPOINT', `Cannot read endpoint "${text}": ${wanted}`);
  const role = match[1] as Endpoint['role'];
  const path = match[2] ?? '';
  if (!path.startsWith('/'))
    throw new CompatError('VC-ENDPOINT', `Cannot read endpoint "${text}": path "${path}" is not absolute; ${wanted}`);
  if (path.includes('\0'))
    throw new CompatError('VC-ENDPOINT', `Cannot read endpoint "${text}": the path contains a zero byte`);
  const bytes = utf8Length(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new CompatError(
      'VC-ENDPOINT',
      `Cannot read endpoint "${text}": the path is ${bytes} bytes long, a unix socket's at most ${MAX_SOCKET_PATH_BYTES}`,
    );
  }
  return { role, path };
}

export function formatEndpoint({ role, path }: Endpoint): string {
  return `${role}:${path}`;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
