import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import {
  formatRemote,
  isSecure,
  parseActiveRemotes,
  parsePassiveRemote,
  type Remote,
  RemoteError,
} from '../../rpc/ovsdb/wire/remotes.ts';
import { readTlsFiles, type TlsFiles, TlsFilesError } from '../../rpc/ovsdb/wire/tls-files.ts';
import { UsageError } from './command-errors.ts';

/** Refuses a remote to connect to that cannot be read, or whose TLS files cannot, before anything is done. */
export function checkRemote(text: string, tls: TlsFiles | undefined): void {
  checkTls(
    readable(() => parseActiveRemotes(text)),
    tls,
  );
}

/** The same of remotes to listen on. */
export function checkPassiveRemotes(texts: readonly string[], tls: TlsFiles | undefined): void {
  checkTls(
    readable(() => texts.map(parsePassiveRemote)),
    tls,
  );
}

/** Throws VC-USAGE without files, VC-CONFIG with files that cannot be used. */
function checkTls(remotes: readonly Remote[], tls: TlsFiles | undefined): void {
  const secure = remotes.find(isSecure);
  if (secure === undefined) return;
  if (tls === undefined)
    throw new UsageError(
      `Cannot use ${formatRemote(secure)}: saw no TLS files; wanted --private-key, --certificate and --ca-cert`,
    );
  try {
    readTlsFiles(tls);
  } catch (cause) {
    if (!(cause instanceof TlsFilesError)) throw cause;
    throw new CompatError('VC-CONFIG', cause.message, { file: cause.file }, { cause });
  }
}

function readable<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RemoteError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
