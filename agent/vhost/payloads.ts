/** Payloads that the relay reads or writes, in the byte order of the host. Sizes were checked before (check-message.ts). */

/** Bits 0 to 7 of the payload of SET_VRING_KICK, SET_VRING_CALL and SET_VRING_ERR are the index of the ring. */
export const RING_INDEX_MASK = 0xffn;
/** Bit 8 of the same payloads: no descriptor comes with the message. */
export const NO_DESCRIPTOR = 0x100n;

/** The index of a ring and a number: its size, its base, or whether it is enabled. */
export interface VringState {
  readonly index: number;
  readonly num: number;
}

function viewOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
}

/** A payload of fields one after the other: numbers become u32, bigints u64. */
function payloadOf(...fields: readonly (number | bigint)[]): Uint8Array {
  const payload = new Uint8Array(fields.reduce<number>((size, field) => size + (typeof field === 'bigint' ? 8 : 4), 0));
  const view = viewOf(payload);
  let at = 0;
  for (const field of fields) {
    if (typeof field === 'bigint') view.setBigUint64(at, field, true);
    else view.setUint32(at, field, true);
    at += typeof field === 'bigint' ? 8 : 4;
  }
  return payload;
}

export function readU64(payload: Uint8Array): bigint {
  return viewOf(payload).getBigUint64(0, true);
}

export function writeU64(value: bigint): Uint8Array {
  return payloadOf(value);
}

export function readU32(payload: Uint8Array): number {
  return viewOf(payload).getUint32(0, true);
}

export function readVringState(payload: Uint8Array): VringState {
  const view = viewOf(payload);
  return { index: view.getUint32(0, true), num: view.getUint32(4, true) };
}

export function writeVringState({ index, num }: VringState): Uint8Array {
  return payloadOf(index, num);
}

/** The four addresses of a ring: SET_VRING_ADDR. */
export interface VringAddress {
  readonly index: number;
  readonly flags: number;
  readonly descriptors: bigint;
  readonly used: bigint;
  readonly available: bigint;
  readonly log: bigint;
}

export function writeVringAddress({ index, flags, descriptors, used, available, log }: VringAddress): Uint8Array {
  return payloadOf(index, flags, descriptors, used, available, log);
}

/** A region of guest memory: SET_MEM_TABLE, ADD_MEM_REG. */
export interface MemoryRegion {
  readonly guestAddress: bigint;
  readonly size: bigint;
  readonly userAddress: bigint;
  readonly mmapOffset: bigint;
}

/** The header of a memory table: how many regions follow, u32, and padding. */
export const MEMORY_HEADER_SIZE = 8;
export const MEMORY_REGION_SIZE = 32;
/** With the protocol feature XEN_MMAP. */
export const XEN_MEMORY_REGION_SIZE = 40;

export function writeMemoryTable(regions: readonly MemoryRegion[]): Uint8Array {
  const fields = regions.flatMap((one) => [one.guestAddress, one.size, one.userAddress, one.mmapOffset]);
  return payloadOf(regions.length, 0, ...fields);
}

/** The record of written pages: SET_LOG_BASE. @internal for tests */
export function writeLog(size: bigint, offset: bigint): Uint8Array {
  return payloadOf(size, offset);
}
