/**
 * One message that a relay dealt with. `payload` and `changedTo` are lent for the length of the call: a listener that
 * wants to keep them copies.
 */
export interface TapMessage {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Who sent it. */
  readonly from: 'front-end' | 'back-end';
  readonly request: number;
  readonly flags: number;
  /** As it came. */
  readonly payload: Uint8Array;
  /** How many came with it. */
  readonly descriptors: number;
  /** `answered`: the front-end got an answer of ours instead of the back-end's. */
  readonly verdict: 'forwarded' | 'changed' | 'answered' | 'refused';
  /** The payload that was sent on instead (`changed`), or that of our answer (`answered`). */
  readonly changedTo?: Uint8Array;
}

/** Sees each message of a port. It must not throw. */
export type Tap = (message: TapMessage) => void;
