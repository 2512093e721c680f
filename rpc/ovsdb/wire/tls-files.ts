import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

/** Paths of PEM files, named as by the tools of Open vSwitch. */
export interface TlsFiles {
  /** `--private-key`: our key, without a passphrase. */
  readonly privateKey: string;
  /** `--certificate`: the key's certificate; intermediate certificates may follow in the file. */
  readonly certificate: string;
  /** `--ca-cert`: the certificate of the authority that peers must be certified by. */
  readonly caCert: string;
}

/** A key or certificate that cannot be used. The message names the file and never its contents. */
export class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError';
  readonly file: string;

  constructor(file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.file = file;
  }
}

/** Options of node:tls for both sides, from the files; TLS 1.2 or later (RFC 8996). @throws TlsFilesError */
export function readTlsFiles(files: TlsFiles): SecureContextOptions {
  const { privateKey, certificate, caCert } = files;
  const read = (file: string, name: string): Buffer => using(file, `Cannot read ${name}`, () => readFileSync(file));
  const parse = (pem: Buffer, file: string, name: string): X509Certificate =>
    using(file, `Cannot read ${name}`, () => new X509Certificate(pem), 'saw no certificate; wanted one in PEM');
  const keyName = `private key ${privateKey}`;
  const certName = `certificate ${certificate}`;
  const caName = `CA certificate ${caCert}`;
  const [key, cert, ca] = [read(privateKey, keyName), read(certificate, certName), read(caCert, caName)];
  // node:tls would ignore an empty key, and take a file without certificates for an authority that trusts nobody.
  const parsed = parse(cert, certificate, certName);
  parse(ca, caCert, caName);
  const seen = `saw ${key.includes('ENCRYPTED') ? 'an encrypted key' : 'no private key'}; wanted one in PEM, not encrypted`;
  const parsedKey = using(privateKey, `Cannot read ${keyName}`, () => createPrivateKey(key), seen);
  if (!parsed.checkPrivateKey(parsedKey))
    throw new TlsFilesError(privateKey, `Cannot use ${keyName}: it does not belong to ${certName}`);
  const options: SecureContextOptions = { key, cert, ca, minVersion: 'TLSv1.2' };
  using(certificate, `Cannot use ${certName}`, () => createSecureContext(options));
  return options;
}

/** @throws TlsFilesError with `fault`, or the message of the error that `step` throws */
function using<T>(file: string, what: string, step: () => T, fault?: string): T {
  try {
    return step();
  } catch (cause) {
    throw new TlsFilesError(file, `${what}: ${fault ?? (cause as Error).message}`, { cause });
  }
}
