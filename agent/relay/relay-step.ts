/** What is done about each message, in this order (docs/adr/0007). */
export type RelayStep = 'peeked' | 'staged' | 'journalled' | 'sent' | 'consumed' | 'done';
