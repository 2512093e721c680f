/** sockaddr_un has room for 108 bytes, the closing zero included (unix(7)); the kernel would cut a longer path silently. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Why a path cannot be a unix socket's, such as `the path is empty`; undefined: it can. Runs in a browser, too. */
export function socketPathFault(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  if (path.includes('\0')) return 'the path contains a zero byte';
  const bytes = new TextEncoder().encode(path).length;
  if (bytes <= MAX_SOCKET_PATH_BYTES) return undefined;
  return `the path is ${bytes} bytes long, a unix socket's at most ${MAX_SOCKET_PATH_BYTES}`;
}
