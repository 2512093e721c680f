/** The header of each message: request u32, flags u32, payload size u32, in the byte order of the host. */
export const HEADER_SIZE = 12;

/** The largest known payload is that of a crypto session, about 1.2 KiB; a memory table of 8 regions has 264 bytes. */
export const MAX_PAYLOAD = 4096;

/** Bits 0 and 1 carry the version of the protocol. */
export const VERSION_MASK = 0x3;
export const VERSION = 0x1;
/** The message is a reply. */
export const REPLY = 0x4;
/** The sender asks for the outcome; only with the protocol feature REPLY_ACK. */
export const NEED_REPLY = 0x8;

/** A descriptor that its owner has to close. */
export interface Descriptor {
  close(): void;
}

/** One message as it came. `bytes` is the whole of it, so that it can be passed on byte for byte. */
export interface Message<Fd extends Descriptor = Descriptor> {
  readonly request: number;
  readonly flags: number;
  readonly payload: Uint8Array;
  readonly bytes: Uint8Array;
  readonly fds: readonly Fd[];
}

/** The part of a message that checks and rules read: the number of descriptors, not the descriptors. */
export type MessageView = Pick<Message, 'request' | 'flags' | 'payload'> & {
  readonly fds: { readonly length: number };
};

/** Encodes a whole message. */
export function encodeMessage(request: number, flags: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, request, true);
  view.setUint32(4, flags, true);
  view.setUint32(8, payload.length, true);
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

/** Encodes a request. */
export function encodeRequest(request: number, payload?: Uint8Array, flags = 0): Uint8Array {
  return encodeMessage(request, VERSION | flags, payload);
}

/** Encodes a reply to a request of the peer. */
export function encodeReply(request: number, payload?: Uint8Array): Uint8Array {
  return encodeMessage(request, VERSION | REPLY, payload);
}
