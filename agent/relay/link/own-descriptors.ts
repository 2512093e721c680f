import { TruncatedError } from '../../fd/libc-message.ts';
import type { DescriptorBounds } from '../../vhost/check-message.ts';
import type { VhostMessage } from './backend-link.ts';

/** How many of the descriptors that came with a peek belong to the message. */
export type OwnDescriptors =
  /** This many, the first ones. Whether that was true is seen when the message is consumed. */
  | { readonly own: number }
  /** Only consuming the message tells. */
  | 'unclear'
  /** The kernel had no room for those that it needs. */
  | 'starved';

/**
 * Decides who owns descriptors that came with a peek. The kernel does not say: a peek at a message without descriptors goes
 * on to the next message that has some (unix_stream_read_generic). `alone`: no other message waits. Pure.
 */
export function ownDescriptors(
  bounds: DescriptorBounds,
  seen: number,
  alone: boolean,
  truncated: boolean,
): OwnDescriptors {
  const [least, most] = bounds;
  // More than any message carries: the lack of room is not ours.
  if (truncated && seen > most && alone) return { own: seen };
  if (truncated && most > 0) return 'starved';
  if (alone) {
    if (truncated) throw new TruncatedError(seen);
    return { own: seen };
  }
  if (seen === 0 || most === 0) return { own: 0 };
  return least === most ? { own: seen } : 'unclear';
}

/** Keeps the first descriptors and closes the others, which belong to another message. */
export function keepOwn(message: VhostMessage, own: number): VhostMessage {
  if (own >= message.fds.length) return message;
  for (const fd of message.fds.slice(own)) fd.close();
  return { ...message, fds: message.fds.slice(0, own) };
}
