import { familyOf } from '../../compat-tables/bits/device-types.ts';
import type { FeatureFamily } from '../../compat-tables/bits/feature-bits.ts';
import { decodeMask, featureNames } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { requestName } from '../../compat-tables/protocol/requests.ts';
import { type DecodedPayload, decodePayload } from './decode.ts';
import { NEED_REPLY, REPLY } from './header.ts';

/**
 * One message that a relay dealt with, and what became of it. `payload` and `changedTo` are lent for the length of the call:
 * a listener that wants to keep them copies.
 */
export interface TracedMessage {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly from: 'front-end' | 'back-end';
  readonly request: number;
  readonly flags: number;
  /** As it came. */
  readonly payload: Uint8Array;
  /** The number that came with it. */
  readonly descriptors: number;
  /** `answered`: the front-end got an answer of ours instead of the back-end's. */
  readonly verdict: 'forwarded' | 'changed' | 'answered' | 'refused';
  /** The payload that was sent instead (`changed`), or that of our answer (`answered`). */
  readonly changedTo?: Uint8Array;
}

/** Is told of each message of a port. It must not throw. */
export type TraceListener = (message: TracedMessage) => void;

/** What was sent in the place of a payload, and for feature words what the change took away and added. */
export interface ChangedPayload extends DecodedPayload {
  readonly removed?: readonly string[];
  readonly added?: readonly string[];
}

/** One line of a trace: the same for programs, member by member, and for people in `text`. */
export interface TraceLine {
  readonly time: number;
  readonly from: TracedMessage['from'];
  readonly request: number;
  /** As the specification has it, or `request 99`. */
  readonly name: string;
  readonly flags: number;
  readonly reply: boolean;
  readonly need_reply: boolean;
  readonly descriptors: number;
  readonly verdict: TracedMessage['verdict'];
  readonly payload: DecodedPayload;
  readonly changed_to?: ChangedPayload;
  readonly text: string;
}

/** Decodes a message. `deviceType` says whose feature bits the virtio word has. */
export function traceLine(message: TracedMessage, deviceType: string): TraceLine {
  const { time, from, request, flags, descriptors, verdict, changedTo } = message;
  const virtio = familyOf(deviceType);
  const reply = (flags & REPLY) !== 0;
  const payload = decodePayload({ request, reply, payload: message.payload }, virtio);
  const family = requestName(request).endsWith('PROTOCOL_FEATURES') ? PROTOCOL : virtio;
  const sent =
    changedTo && decodePayload({ request, reply: reply || verdict === 'answered', payload: changedTo }, virtio);
  const changed = sent && compared(payload, sent, family);
  return {
    ...{ time, from, request, name: requestName(request), flags, reply, need_reply: (flags & NEED_REPLY) !== 0 },
    ...{ descriptors, verdict, payload },
    ...(changed && { changed_to: changed }),
    text: textOf(payload, changed, verdict, family),
  };
}

function compared(before: DecodedPayload, after: DecodedPayload, family: FeatureFamily): ChangedPayload {
  if (before.mask === undefined || after.mask === undefined) return after;
  const [had, has] = [BigInt(before.mask), BigInt(after.mask)];
  return { ...after, removed: featureNames(family, had & ~has), added: featureNames(family, has & ~had) };
}

function textOf(
  payload: DecodedPayload,
  changed: ChangedPayload | undefined,
  verdict: TracedMessage['verdict'],
  family: FeatureFamily,
): string {
  if (changed === undefined) return payloadText(payload, family);
  if (verdict === 'answered') return `${payloadText(payload, family)}; answered ${payloadText(changed, family)}`;
  if (payload.mask === undefined || changed.mask === undefined)
    return `${payloadText(payload, family)} -> ${payloadText(changed, family)}`;
  const [had, has] = [BigInt(payload.mask), BigInt(changed.mask)];
  return [
    `${payload.mask} -> ${changed.mask}`,
    ...((had & ~has) === 0n ? [] : [`masked away: ${shortNames(had & ~has, family)}`]),
    ...((has & ~had) === 0n ? [] : [`added: ${shortNames(has & ~had, family)}`]),
  ].join('; ');
}

function payloadText(payload: DecodedPayload, family: FeatureFamily): string {
  const { bytes, mask, value, succeeded, ring, regions, region_bytes, log_bytes } = payload;
  if (mask !== undefined) return `${mask} ${shortNames(BigInt(mask), family)}`.trimEnd();
  if (succeeded !== undefined) return succeeded ? 'done' : `failed (${value})`;
  if (value !== undefined) return value;
  if (ring !== undefined) return [`ring ${ring}`, ...ringWords(payload)].join(' ');
  if (regions !== undefined) return [`regions ${regions}`, ...(region_bytes ?? []).map(sizeText)].join(' ');
  if (log_bytes !== undefined) return `log ${sizeText(log_bytes)}`;
  return bytes === 0 ? '-' : `${bytes} bytes`;
}

function ringWords({ ring_size, base, enabled, polled, address_flags }: DecodedPayload): string[] {
  return [
    ...(ring_size === undefined ? [] : [`size ${ring_size}`]),
    ...(base === undefined ? [] : [`base ${base}`]),
    ...(enabled === undefined ? [] : [enabled ? 'enabled' : 'disabled']),
    ...(polled === true ? ['polled'] : []),
    ...(address_flags === undefined ? [] : [`flags 0x${address_flags.toString(16)}`]),
  ];
}

/** `LOG_ALL`, where the specification says `VHOST_F_LOG_ALL`: a line has thirty of them. */
function shortNames(mask: bigint, family: FeatureFamily): string {
  return decodeMask(family, mask)
    .map(({ short }) => short.replaceAll(' ', '-'))
    .join(' ');
}

/** `512MiB`; what is not a round number of a unit stays in bytes. */
function sizeText(bytes: string): string {
  let count = BigInt(bytes);
  let unit = 'B';
  for (const larger of ['KiB', 'MiB', 'GiB']) {
    if (count === 0n || count % 1024n !== 0n) break;
    count /= 1024n;
    unit = larger;
  }
  return `${count}${unit}`;
}
