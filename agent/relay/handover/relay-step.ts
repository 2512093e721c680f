/** What is done about each message, in this order (docs/adr/0007); `begun` only with one that carries descriptors. */
export const RELAY_STEPS = ['peeked', 'staged', 'journalled', 'sent', 'begun', 'consumed', 'done'] as const;
export type RelayStep = (typeof RELAY_STEPS)[number];
