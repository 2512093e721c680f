/** The payload of a message; only its size where that is all that management needs. 64-bit numbers are text. */
export interface PayloadJson {
  readonly bytes: number;
  readonly mask?: string;
  readonly features?: readonly string[];
  readonly value?: string;
  /** Whether the request succeeded: stands in an acknowledgement. */
  readonly succeeded?: boolean;
  readonly ring?: number;
  readonly ring_size?: number;
  readonly base?: number;
  readonly enabled?: boolean;
  readonly polled?: boolean;
  readonly address_flags?: number;
  readonly regions?: number;
  readonly region_bytes?: readonly string[];
  readonly log_bytes?: string;
}

/** One vhost-user message of an interface, and what the agent did with it. */
export interface MessageJson {
  readonly interface: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly from: 'front-end' | 'back-end';
  readonly request: number;
  /** The name in the vhost-user specification. */
  readonly name: string;
  readonly flags: number;
  readonly reply: boolean;
  readonly need_reply: boolean;
  readonly descriptors: number;
  readonly verdict: 'forwarded' | 'changed' | 'answered' | 'refused';
  readonly payload: PayloadJson;
  /** The payload that was sent instead; for masks with the names that were removed and added. */
  readonly changed_to?: PayloadJson & { readonly removed?: readonly string[]; readonly added?: readonly string[] };
  /** The payload in words. */
  readonly text: string;
}
