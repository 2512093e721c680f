/** What is wrong with a message of either side. */
export type VhostErrorKind = 'header' | 'size' | 'descriptors' | 'ring index' | 'number';

/** A peer broke the vhost-user protocol: its connection cannot go on. */
export class VhostProtocolError extends Error {
  override readonly name = 'VhostProtocolError';
  readonly kind: VhostErrorKind;

  constructor(kind: VhostErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export function cannotAccept(kind: VhostErrorKind, what: string, why: string): VhostProtocolError {
  return new VhostProtocolError(kind, `Cannot accept ${what}: ${why}`);
}
