/** A datagram from a service to its keeper, ours or systemd: lines of NAME=VALUE (sd_notify(3)). */
export interface ServiceNotification {
  /** `store`: keep the descriptors of this datagram under `name`; `remove`: give up those of that name. */
  readonly action: 'store' | 'remove' | undefined;
  /** The name for `action`; systemd's default where none was given. */
  readonly name: string;
  /** The service has started, or has reloaded its configuration. */
  readonly ready: boolean;
  /** The service is about to end. */
  readonly stopping: boolean;
  /** A service that outlived its keeper has stored all that it had kept (a word of ours; systemd has no such). */
  readonly handedOver: boolean;
  /** A line for people. */
  readonly status: string | undefined;
}

/** What a service says that outlived its keeper, when the next one has all its descriptors. */
export const HANDED_OVER = 'X_HANDED_OVER=1';
/** A sign of life; for our own keeper each message is one. */
export const ALIVE = 'WATCHDOG=1';

/** A datagram that breaks the rules; the message says which and quotes nothing from it. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError';
}

/** systemd's limit: one page. */
export const MAX_NOTIFICATION_BYTES = 4096;
const MAX_NAME = 255;
/** The name of descriptors that came without one (sd_pid_notify_with_fds(3)). */
const NO_NAME = 'stored';

/** Names stand between colons in LISTEN_FDNAMES and on one line here. */
export function isDescriptorName(name: string): boolean {
  return name.length <= MAX_NAME && /^[\x20-\x39\x3b-\x7e]+$/.test(name);
}

/** Asks to keep descriptors, even when their peers hang up (FDPOLL=0): the service deals with that. */
export function encodeStore(name: string): Uint8Array {
  return Buffer.from(`FDSTORE=1\nFDNAME=${checkedName(name)}\nFDPOLL=0`, 'latin1');
}

export function encodeRemove(name: string): Uint8Array {
  return Buffer.from(`FDSTOREREMOVE=1\nFDNAME=${checkedName(name)}`, 'latin1');
}

function checkedName(name: string): string {
  if (isDescriptorName(name)) return name;
  const wanted = `wanted 1 to ${MAX_NAME} printable ASCII characters without a colon`;
  throw new RangeError(`Cannot name descriptors ${JSON.stringify(name)}: ${wanted}`);
}

/** Checks the lines that it knows and ignores others: each release of systemd adds some. @throws NotificationError */
export function decodeNotification(data: Uint8Array): ServiceNotification {
  if (data.length === 0) throw new NotificationError('it is empty');
  if (data.length > MAX_NOTIFICATION_BYTES) throw new NotificationError(`it is above ${MAX_NOTIFICATION_BYTES} bytes`);
  if (data.includes(0)) throw new NotificationError('it holds a zero byte');
  const values = new Map<string, string>();
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8').split('\n')) {
    const at = line.indexOf('=');
    if (at > 0 && !values.has(line.slice(0, at))) values.set(line.slice(0, at), line.slice(at + 1));
  }
  const stores = values.get('FDSTORE') === '1';
  const removes = values.get('FDSTOREREMOVE') === '1';
  const name = values.get('FDNAME');
  if (stores && removes) throw new NotificationError('it stores and removes at once');
  if (removes && name === undefined) throw new NotificationError('it removes without a name');
  if (name !== undefined && !isDescriptorName(name)) throw new NotificationError('its name cannot be one');
  return {
    action: stores ? 'store' : removes ? 'remove' : undefined,
    name: name ?? NO_NAME,
    ready: values.get('READY') === '1',
    stopping: values.get('STOPPING') === '1',
    handedOver: values.get('X_HANDED_OVER') === '1',
    status: values.get('STATUS'),
  };
}
