import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { socketCredentials } from '../fd/socket-credentials.ts';

/** The most characters that a client can choose of its own name. */
const MAX_CHOSEN = 64;

/**
 * Who is at the other end of a connection, in words: process and user on a unix socket, as the kernel knows them; the subject
 * of the certificate and the address on others. Undefined: we are. The name of the process is what that process says.
 */
export function clientName(socket: Socket): string | undefined {
  if (socket instanceof TLSSocket) {
    const subject = socket.getPeerCertificate().subject?.CN;
    return `"${harmless(String(subject ?? ''))}" at ${addressOf(socket)}`;
  }
  if (socket.remoteAddress !== undefined) return addressOf(socket);
  const credentials = socketCredentials(socket);
  if (credentials === undefined) return 'a client that had gone';
  const { pid, uid } = credentials;
  if (pid === process.pid) return undefined;
  // 0: the process is in another name space of processes
  return pid === 0 ? `a process of user ${uid}` : `process ${pid} (${processName(pid)}) of user ${uid}`;
}

function addressOf({ remoteAddress = 'an address', remotePort = 0 }: Socket): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

function processName(pid: number): string {
  try {
    return harmless(readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd());
  } catch {
    return 'unknown';
  }
}

/** Without characters that mean something to a terminal, or to who reads the sentence. */
function harmless(chosen: string): string {
  return chosen.slice(0, MAX_CHOSEN).replaceAll(/[^A-Za-z0-9 _.:@/+=-]/g, '?');
}
