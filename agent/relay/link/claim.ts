import { TruncatedError } from '../../fd/truncated-error.ts';
import type { DescriptorBounds } from '../../vhost/rules.ts';
import type { VhostMessage } from './backend-link.ts';

/**
 * Which of the descriptors that came with a peek belong to the message. The kernel does not say: a peek at a message that
 * has none goes on to the next message that has some (unix_stream_read_generic). Pure.
 */
export type Claim =
  /** This many, the first ones. Whether that was true is seen when the message is consumed. */
  | { readonly own: number }
  /** Only consuming the message tells. */
  | 'unclear'
  /** The kernel had no room for those that it needs. */
  | 'starved';

export function claim(bounds: DescriptorBounds, seen: number, alone: boolean, truncated: boolean): Claim {
  const [least, most] = bounds;
  // More than any message carries: it is not us who have no room.
  if (truncated && seen > most && alone) return { own: seen };
  if (truncated && most > 0) return 'starved';
  if (alone) {
    if (truncated) throw new TruncatedError(seen);
    return { own: seen };
  }
  if (seen === 0 || most === 0) return { own: 0 };
  return least === most ? { own: seen } : 'unclear';
}

/** Keeps the first descriptors and closes the others, which are another message's. */
export function owning(message: VhostMessage, own: number): VhostMessage {
  for (const fd of message.fds.slice(own)) fd.close();
  return { ...message, fds: message.fds.slice(0, own) };
}
