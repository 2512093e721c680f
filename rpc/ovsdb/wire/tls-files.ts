import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

/** Paths of PEM files, under the names that the tools of Open vSwitch give them. */
export interface TlsFiles {
  /** `--private-key`: ours, without a passphrase. */
  readonly privateKey: string;
  /** `--certificate`: that belongs to the key; certificates between it and the authority's may follow in the file. */
  readonly certificate: string;
  /** `--ca-cert`: of the authority whose certificates peers must show. */
  readonly caCert: string;
}

/** A key or certificate that cannot be used. The message names the file and never what is in it. */
export class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError';
  readonly file: string;

  constructor(file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.file = file;
  }
}

/**
 * Reads the files into what node:tls wants of both sides. Peers must have a certificate of the authority; versions below
 * TLS 1.2 are not spoken (RFC 8996).
 *
 * @throws TlsFilesError
 */
export function readTlsFiles(files: TlsFiles): SecureContextOptions {
  const key = read(files.privateKey, 'private key');
  const cert = read(files.certificate, 'certificate');
  const ca = read(files.caCert, 'CA certificate');
  // node:tls would take an empty key for none, and a file without certificates for an authority that trusts nobody.
  const certificate = parseCertificate(cert, files.certificate, 'certificate');
  parseCertificate(ca, files.caCert, 'CA certificate');
  if (!certificate.checkPrivateKey(parseKey(key, files.privateKey)))
    throw new TlsFilesError(
      files.privateKey,
      `Cannot use private key ${files.privateKey}: it does not belong to certificate ${files.certificate}`,
    );
  const options: SecureContextOptions = { key, cert, ca, minVersion: 'TLSv1.2' };
  try {
    createSecureContext(options);
  } catch (error) {
    const reason = (error as Error).message;
    throw new TlsFilesError(files.certificate, `Cannot use certificate ${files.certificate}: ${reason}`, {
      cause: error,
    });
  }
  return options;
}

function read(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new TlsFilesError(file, `Cannot read ${what} ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function parseKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const seen = pem.includes('ENCRYPTED') ? 'an encrypted key' : 'no private key';
    throw new TlsFilesError(file, `Cannot read private key ${file}: saw ${seen}; wanted one in PEM, not encrypted`, {
      cause: error,
    });
  }
}

function parseCertificate(pem: Buffer, file: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new TlsFilesError(file, `Cannot read ${what} ${file}: saw no certificate; wanted one in PEM`, {
      cause: error,
    });
  }
}
