/** Keys and certificates for tests, made by openssl as ovs-pki would make them, only smaller. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TlsFiles } from '../../../../rpc/ovsdb/wire/tls-files.ts';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Two authorities, and those who have certificates of them. Names are of daemons, not of hosts, as ovs-pki has it. */
export class Pki {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    for (const authority of ['ours', 'theirs']) {
      this.#openssl(
        ...['req', '-x509', ...NEW_KEY, '-keyout', `${authority}.key`, '-out', `${authority}.pem`],
        ...['-days', '3650', '-subj', `/CN=authority ${authority}`],
      );
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A new key with a certificate of an authority, which is also whom its owner trusts. */
  issue(name: string, authority: 'ours' | 'theirs' = 'ours', days = 3650): TlsFiles {
    this.#openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    this.#openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-days', String(days)],
      ...['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial'],
    );
    return {
      privateKey: this.path(`${name}.key`),
      certificate: this.path(`${name}.pem`),
      caCert: this.path(`${authority}.pem`),
    };
  }

  /** The same key, encrypted. */
  encrypt(key: string, name: string): string {
    this.#openssl('pkey', '-in', key, '-aes256', '-passout', 'pass:secret', '-out', name);
    return this.path(name);
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** As the tools of Open vSwitch take them. */
export function tlsOptions({ privateKey, certificate, caCert }: TlsFiles): string[] {
  return [`--private-key=${privateKey}`, `--certificate=${certificate}`, `--ca-cert=${caCert}`];
}
