import { SocketFile, SocketFileError, type SocketFileOptions } from '../../base/socket-file.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { close, SystemCallError } from './libc.ts';
import { OwnedFd } from './owned-fd.ts';

/** Throws VC-ENDPOINT or VC-ENDPOINT-TAKEN; `what` is what the socket is for: `Cannot ${what} ${path}: …`. */
export function bindEndpoint(
  what: string,
  path: string,
  options: SocketFileOptions,
  { knock, bind }: { knock(path: string): number; bind(path: string): number },
): SocketFile<OwnedFd> {
  try {
    return SocketFile.bind(path, options, {
      knock: (at) => codeOf(() => close(knock(at))),
      bind: (at) => new OwnedFd(bind(at)),
      close: (fd) => fd.close(),
    });
  } catch (cause) {
    if (!(cause instanceof SocketFileError)) throw cause;
    const code = cause.served ? 'VC-ENDPOINT-TAKEN' : 'VC-ENDPOINT';
    throw new CompatError(
      code,
      `Cannot ${what} ${path}: ${cause.message}`,
      { path, cause: reasonOf(cause) },
      { cause },
    );
  }
}

function codeOf(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof SystemCallError) return error.code;
    throw error;
  }
}

/** `EACCES`, when a system call said so; else the reason in words. */
function reasonOf({ cause, message }: SocketFileError): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : message;
}
