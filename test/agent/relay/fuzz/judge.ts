import { REQUESTS, requestById, requestName } from '../../../../compat-tables/protocol/requests.ts';
import type { HeardMessage } from './ear.ts';

/** VHOST_F_LOG_ALL and VHOST_USER_F_PROTOCOL_FEATURES: what a mode does not rule. */
export const CONTROL = (1n << 26n) | (1n << 30n);
const LOG_ALL = 1n << 26n;

/** What is promised of one port, whoever stands on either side. */
export interface Promised {
  /** Guest-visible bits, exactly these. */
  readonly guest: bigint;
  readonly protocol: bigint | undefined;
  readonly queuePairs: bigint | undefined;
}

function insist(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(what());
}

const u64 = ({ payload }: HeardMessage): bigint => Buffer.from(payload).readBigUInt64LE();
const u32 = ({ payload }: HeardMessage): number => Buffer.from(payload).readUInt32LE();

/** Looks at all that a front-end is given. @throws if it is something that it must never be given */
export function judgeReply(message: HeardMessage, promised: Promised): void {
  const { request, flags, payload, fds } = message;
  const text = (): string => `reply ${requestName(request)} flags 0x${flags.toString(16)}`;
  insist((flags & 0x7) === 0x5, () => `${text()} is no reply`);
  insist(fds <= 8, () => `${text()} has ${fds} descriptors`);
  const isMask = request === REQUESTS.GET_FEATURES.id;
  if (!isMask && request !== REQUESTS.GET_PROTOCOL_FEATURES.id && request !== REQUESTS.GET_QUEUE_NUM.id) return;
  insist(payload.length === 8 && fds === 0, () => `${text()} has ${payload.length} bytes and ${fds} descriptors`);
  const value = u64(message);
  if (isMask)
    insist((value & ~CONTROL) === promised.guest, () => `offered 0x${value.toString(16)}, not what the mode promises`);
  else if (request === REQUESTS.GET_QUEUE_NUM.id)
    insist(promised.queuePairs === undefined || value <= promised.queuePairs, () => `offered ${value} queue pairs`);
  else
    insist(
      promised.protocol === undefined || (value & ~promised.protocol) === 0n,
      () => `offered protocol features 0x${value.toString(16)}`,
    );
}

/** Looks at all that a back-end is told on one connection. */
export class RequestJudge {
  readonly #promised: Promised;
  readonly #running = new Set<number>();
  #acked: bigint | undefined;

  constructor(promised: Promised) {
    this.#promised = promised;
  }

  /** @throws if no correct front-end would have said that */
  see(message: HeardMessage): void {
    const { request, flags, payload, fds } = message;
    const row = requestById(request);
    const text = (): string => `${requestName(request)} flags 0x${flags.toString(16)}, ${payload.length} bytes`;
    insist((flags & 0x7) === 0x1, () => `${text()} is no request`);
    insist(fds <= 8, () => `${text()} came with ${fds} descriptors`);
    if (row === undefined) return;
    if (row.fds === 'none') insist(fds === 0, () => `${text()} came with ${fds} descriptors`);
    if (row.fds === 'one') insist(fds === 1, () => `${text()} came with ${fds} descriptors`);
    if (row.fds === 'atMostOne') insist(fds <= 1, () => `${text()} came with ${fds} descriptors`);
    if (row.fds === 'memory') insist(fds === u32(message), () => `${text()} came with ${fds} descriptors`);
    if (row.fds === 'ring') insist(fds === ((u64(message) & 0x100n) === 0n ? 1 : 0), () => `${text()} with ${fds}`);
    if (row.payload === 'state' || row.payload === 'address')
      insist(u32(message) < 256, () => `${text()} is about ring ${u32(message)}`);
    this.#features(message);
    this.#rings(message);
  }

  #features(message: HeardMessage): void {
    if (message.request !== REQUESTS.SET_FEATURES.id) return;
    const value = u64(message);
    const foreign = value & ~(this.#promised.guest | CONTROL);
    insist(foreign === 0n, () => `features 0x${foreign.toString(16)} accepted that were not offered`);
    const change = this.#acked === undefined ? 0n : (value ^ this.#acked) & ~LOG_ALL;
    insist(change === 0n || this.#running.size === 0, () => `features 0x${change.toString(16)} change under a device`);
    this.#acked = value;
  }

  #rings(message: HeardMessage): void {
    const { request, payload } = message;
    if (request === REQUESTS.SET_VRING_KICK.id || request === REQUESTS.VRING_KICK.id)
      this.#running.add(payload[0] ?? 0);
    else if (request === REQUESTS.GET_VRING_BASE.id) this.#running.delete(u32(message));
    else if (request === REQUESTS.GET_VRING_BASE_SKIP_DRAIN.id && payload.length >= 4)
      this.#running.delete(u32(message));
    else if (request === REQUESTS.RESET_OWNER.id || request === REQUESTS.RESET_DEVICE.id) this.#running.clear();
    else if (request === REQUESTS.SET_STATUS.id && u64(message) === 0n) this.#running.clear();
  }
}
