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
  checkRemotes(() => parseActiveRemotes(text), tls);
}

/** The same of remotes to listen on. */
export function checkPassiveRemotes(texts: readonly string[], tls: TlsFiles | undefined): void {
  checkRemotes(() => texts.map(parsePassiveRemote), tls);
}

/** Throws VC-USAGE for what is typed wrong or has no TLS files, VC-CONFIG for files that cannot be used. */
function checkRemotes(parse: () => readonly Remote[], tls: TlsFiles | undefined): void {
  try {
    const secure = parse().find(isSecure);
    if (secure === undefined) return;
    const wanted = 'wanted --private-key, --certificate and --ca-cert';
    if (tls === undefined) throw new UsageError(`Cannot use ${formatRemote(secure)}: saw no TLS files; ${wanted}`);
    readTlsFiles(tls);
  } catch (cause) {
    if (cause instanceof RemoteError) throw new UsageError(cause.message, { cause });
    if (!(cause instanceof TlsFilesError)) throw cause;
    throw new CompatError('VC-CONFIG', cause.message, { file: cause.file }, { cause });
  }
}
