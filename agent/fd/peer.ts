import { lstatSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { peerCredentials } from './libc.ts';

/**
 * The process at the other end, so that a mode can stick to it as long as it lives. Process numbers are used again: the
 * start time tells such processes apart, the boot id tells a reboot.
 *
 * Where the kernel does not say (pid 0: another process name space; start time '': we may not read /proc), the peer counts
 * as the same and as alive: a running guest must never be offered another mode than the one it knows.
 */
export interface PeerIdentity {
  /** 0: unknown. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot; '': unknown. */
  readonly startTime: string;
  readonly bootId: string;
  /**
   * If we connected: `DEVICE:INODE:BIRTH PATH` of the socket file. A listening socket has the credentials of the process
   * that called listen(), under libvirt libvirtd and not QEMU; but a new QEMU has a new socket file.
   */
  readonly socket?: string;
}

/** The path within `PeerIdentity.socket`. @internal for tests */
export function socketPath({ socket }: PeerIdentity): string | undefined {
  return socket?.slice(socket.indexOf(' ') + 1);
}

/** Node does not offer the credentials of a peer, but the descriptor of the socket; undefined: it is closed. */
export function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  return handle?.fd;
}

/** Identifies the peer of a connection; `connectedTo` is the path if we connected. */
export function identifyPeer(fd: number, connectedTo?: string): PeerIdentity {
  const { pid } = peerCredentials(fd);
  const identity = { pid, startTime: pid > 0 ? statOf(pid)[1] : '', bootId: bootId() };
  const socket = connectedTo === undefined ? 'gone' : socketFileIdentity(connectedTo);
  return socket === 'gone' || socket === undefined ? identity : { ...identity, socket };
}

/** A process of this name space, as `peerAlive` knows it again. */
export function identifyProcess(pid: number): PeerIdentity {
  return { pid, startTime: statOf(pid)[1], bootId: bootId() };
}

/** Are these the same front-end process? When in doubt, yes. */
export function samePeer(a: PeerIdentity, b: PeerIdentity): boolean {
  if (a.bootId !== b.bootId || a.pid !== b.pid) return false;
  if (a.socket !== undefined || b.socket !== undefined) return a.socket === b.socket;
  return a.startTime === b.startTime || a.startTime === '' || b.startTime === '';
}

/** Is this front-end process still alive? When in doubt, yes. */
export function peerAlive(identity: PeerIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const path = socketPath(identity);
  if (path !== undefined) return [identity.socket, undefined].includes(socketFileIdentity(path));
  if (identity.pid <= 0) return true;
  if (!processExists(identity.pid)) return false;
  const [state, now] = statOf(identity.pid);
  if (state === 'Z' || state === 'X') return false;
  return now === '' || identity.startTime === '' || now === identity.startTime;
}

/** The second field may hold spaces and brackets, so fields are counted from its last bracket. */
function statOf(pid: number): [state: string, startTime: string] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [fields[0] ?? '', fields[19] ?? ''];
  } catch {
    return ['', ''];
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Undefined: we may not look. */
function socketFileIdentity(path: string): string | 'gone' | undefined {
  try {
    const { dev, ino, birthtimeNs } = lstatSync(path, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs} ${path}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : undefined;
  }
}

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}
