/**
 * The text of the datagrams that a service sends to who keeps its descriptors: lines of NAME=VALUE (sd_notify(3)).
 * Ours and systemd's alike.
 */
export interface ServiceNotification {
  /** `store`: keep the descriptors of this datagram under `name`; `remove`: give up what is kept under it. */
  readonly action: 'store' | 'remove' | undefined;
  /** What `action` is about; the name that systemd gives where none was said. */
  readonly name: string;
  /** The service has started, or has loaded its configuration anew. */
  readonly ready: boolean;
  /** The service is about to end. */
  readonly stopping: boolean;
  /** A line for people. */
  readonly status: string | undefined;
}

/** A datagram that breaks the rules; the message says how and quotes nothing of it. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError';
}

/** As systemd has it: one page. */
export const MAX_NOTIFICATION_BYTES = 4096;
const MAX_NAME = 255;
/** The name of descriptors that came without one (sd_pid_notify_with_fds(3)). */
const NO_NAME = 'stored';

/** Names stand between colons in LISTEN_FDNAMES and on a line of their own here. */
export function isDescriptorName(name: string): boolean {
  return name.length <= MAX_NAME && /^[\x20-\x39\x3b-\x7e]+$/.test(name);
}

/** Asks to keep descriptors, also when their peers hang up: that is for the service to see. */
export function encodeStore(name: string): Uint8Array {
  return Buffer.from(`FDSTORE=1\nFDNAME=${checkedName(name)}\nFDPOLL=0`, 'latin1');
}

export function encodeRemove(name: string): Uint8Array {
  return Buffer.from(`FDSTOREREMOVE=1\nFDNAME=${checkedName(name)}`, 'latin1');
}

function checkedName(name: string): string {
  if (isDescriptorName(name)) return name;
  throw new RangeError(
    `Cannot name descriptors ${JSON.stringify(name)}: wanted 1 to ${MAX_NAME} printable ASCII characters without a colon`,
  );
}

/** Lines that we know are checked, all others are left alone: each release of systemd knows more of them. */
export function decodeNotification(data: Uint8Array): ServiceNotification {
  if (data.length === 0) throw new NotificationError('it is empty');
  if (data.length > MAX_NOTIFICATION_BYTES) throw new NotificationError(`it is above ${MAX_NOTIFICATION_BYTES} bytes`);
  if (data.includes(0)) throw new NotificationError('it holds a zero byte');
  const said = new Map<string, string>();
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8').split('\n')) {
    const at = line.indexOf('=');
    if (at > 0 && !said.has(line.slice(0, at))) said.set(line.slice(0, at), line.slice(at + 1));
  }
  const stores = said.get('FDSTORE') === '1';
  const removes = said.get('FDSTOREREMOVE') === '1';
  const name = said.get('FDNAME');
  if (stores && removes) throw new NotificationError('it stores and removes at once');
  if (removes && name === undefined) throw new NotificationError('it removes without a name');
  if (name !== undefined && !isDescriptorName(name)) throw new NotificationError('its name cannot be one');
  return {
    action: stores ? 'store' : removes ? 'remove' : undefined,
    name: name ?? NO_NAME,
    ready: said.get('READY') === '1',
    stopping: said.get('STOPPING') === '1',
    status: said.get('STATUS'),
  };
}
