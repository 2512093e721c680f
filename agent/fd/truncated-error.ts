/** The kernel dropped descriptors of a message. */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError';

  /** `left`: how many descriptors came through. */
  constructor(left: number) {
    super(
      `Cannot receive descriptors: the kernel dropped some of them and left ${left}; is the table of open files full, or does a security module forbid it?`,
    );
  }
}
