import { statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';

export interface TlsAcceptorHandlers {
  /** The peer has a certificate of our authority. */
  entered(socket: TLSSocket): void;
  refused(reason: string): void;
  /** Changed files cannot be used; those that were read before stay in force. */
  notRenewed(error: Error): void;
}

/** The files are checked no more often than this, however many clients connect. */
const LOOK_MS = 200;

/**
 * The TLS side of a `pssl:` remote: does the handshake and passes on peers with a certificate of our authority. Changed files
 * are read again, as Open vSwitch does, so that certificates are renewed without a restart.
 */
export class TlsAcceptor {
  readonly #server: Server;
  readonly #files: TlsFiles;
  readonly #handlers: TlsAcceptorHandlers;
  #state: string;
  #looked: number;

  /** @throws TlsFilesError */
  constructor(files: TlsFiles, handshakeMs: number, handlers: TlsAcceptorHandlers) {
    this.#files = files;
    this.#handlers = handlers;
    this.#state = stateOf(files);
    this.#looked = performance.now();
    this.#server = createServer({
      ...readTlsFiles(files),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: handshakeMs,
    });
    this.#server.on('secureConnection', (socket) => {
      socket.allowHalfOpen = true;
      handlers.entered(socket);
    });
    this.#server.on('tlsClientError', (error, socket) => {
      // The error of node:tls for an untrusted certificate says only that the connection is over.
      const distrust = socket.authorizationError as Error | string | null | undefined;
      handlers.refused(distrust ? String(distrust) : error.message);
      socket.destroy();
    });
  }

  /** Begins the handshake with a connected peer. */
  shake(socket: Socket): void {
    this.#renew();
    socket.allowHalfOpen = false; // a peer that hangs up during the handshake is not waited for
    this.#server.emit('connection', socket);
  }

  #renew(): void {
    const now = performance.now();
    if (now - this.#looked < LOOK_MS) return;
    this.#looked = now;
    const state = stateOf(this.#files);
    if (state === this.#state) return;
    this.#state = state;
    try {
      this.#server.setSecureContext(readTlsFiles(this.#files));
    } catch (error) {
      this.#handlers.notRenewed(error as Error);
    }
  }
}

/** Inode, time and size of the files, to see changes. */
function stateOf(files: TlsFiles): string {
  return [files.privateKey, files.certificate, files.caCert]
    .map((file) => {
      const status = statSync(file, { bigint: true, throwIfNoEntry: false });
      return status && [status.ino, status.mtimeNs, status.size].join('/');
    })
    .join(' ');
}
