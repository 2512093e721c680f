import { maskOf, PROTOCOL } from '../../../compat-tables/bits/features.ts';

/** The protocol features that change what the relay itself must expect. */
export const MQ = maskOf(PROTOCOL, 'MQ');
export const LOG_SHMFD = maskOf(PROTOCOL, 'LOG_SHMFD');
export const REPLY_ACK = maskOf(PROTOCOL, 'REPLY_ACK');
