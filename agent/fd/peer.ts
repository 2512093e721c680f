import { lstatSync, readFileSync } from 'node:fs';
import { peerCredentials } from './libc.ts';

/**
 * Which process stands at the other end, so that a mode can stick to it for as long as it lives. A process number alone
 * comes back; with the start time it does not, and the boot id tells a reboot.
 *
 * Where the kernel does not say (pid 0: another process name space; start time '': /proc is closed to us) the peer is
 * taken for the same one as before and for alive, because the mistake that must not happen is to offer a running guest
 * another mode than it knows.
 */
export interface PeerIdentity {
  /** 0 when it cannot be known. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot; '' when it cannot be known. */
  readonly startTime: string;
  readonly bootId: string;
  /**
   * When we connected: `DEVICE:INODE:BIRTH PATH` of the socket file. The credentials of a listening socket are those of
   * whoever called listen(), which under libvirt is libvirtd and not QEMU; a new QEMU has a new socket file.
   */
  readonly socket?: string;
}

/** The path within `PeerIdentity.socket`. */
export function socketPath({ socket }: PeerIdentity): string | undefined {
  return socket?.slice(socket.indexOf(' ') + 1);
}

/** Identifies the peer of a connection; `connectedTo` is the path, when it was us who connected. */
export function identifyPeer(fd: number, connectedTo?: string): PeerIdentity {
  const { pid } = peerCredentials(fd);
  const identity = { pid, startTime: pid > 0 ? statOf(pid)[1] : '', bootId: bootId() };
  const socket = connectedTo === undefined ? 'gone' : socketFileIdentity(connectedTo);
  return socket === 'gone' || socket === undefined ? identity : { ...identity, socket };
}

/** Are these the same front-end process? When in doubt, yes. */
export function samePeer(a: PeerIdentity, b: PeerIdentity): boolean {
  if (a.bootId !== b.bootId || a.pid !== b.pid) return false;
  if (a.socket !== undefined || b.socket !== undefined) return a.socket === b.socket;
  return a.startTime === b.startTime || a.startTime === '' || b.startTime === '';
}

/** Does this front-end process live still? When in doubt, yes. */
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

/** State and start time. The second field may hold spaces and brackets, so the fields count from its last bracket. */
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

/** Undefined: we cannot look. */
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
