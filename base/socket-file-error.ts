/** A path where no socket can be made; the message is the reason alone. `served`: another process listens there. */
export class SocketFileError extends Error {
  override readonly name = 'SocketFileError';
  readonly served: boolean;

  constructor(reason: string, { served = false, cause }: { served?: boolean; cause?: unknown } = {}) {
    super(reason, { cause });
    this.served = served;
  }
}
