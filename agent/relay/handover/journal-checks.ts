import { parseEndpoint } from '../../../compat-tables/protocol/endpoint.ts';
import {
  array,
  boolean,
  type Check,
  expected,
  integerFrom,
  oneOf,
  openObject,
  record,
  string,
} from '../../../rpc/json/shape.ts';
import { count, endpoint, name, peer, text } from '../../orders/checks.ts';

/**
 * Checks of what a journal holds. Its checksum says that it is as it was written, not that who wrote it was right: a port
 * that goes on by something odd would end the process with all others.
 */

/** Features have 64 bits, and virtio goes on to 128. */
const MASK_BITS = 128;
/** The highest index of a ring that a virtio device can have, and more. */
const ring = integerFrom(0, 65_535);

const bits: Check<bigint> = (value, path) => {
  if (typeof value !== 'bigint' || BigInt.asUintN(MASK_BITS, value) !== value) throw expected(path, 'a mask', value);
  return value;
};

const hex: Check<string> = (value, path) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{1,32}$/.test(value)) throw expected(path, 'hexadecimal digits', value);
  return value;
};

function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, path) => (value === null ? null : check(value, path));
}

function maybe<T>(check: Check<T>): Check<T | undefined> {
  return (value, path) => (value === undefined ? undefined : check(value, path));
}

/** An array with a check for each place; further ones are those of a later release. */
function places<T extends readonly unknown[]>(...checks: { readonly [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value, path) => {
    if (!Array.isArray(value)) throw expected(path, 'an array', value);
    return checks.map((check, index) => check(value[index], `${path}[${index}]`)) as unknown as T;
  };
}

const usableEndpoint: Check<string> = (value, path) => {
  const read = endpoint(value, path);
  parseEndpoint(read);
  return read;
};

const inode: Check<string> = (value, path) => {
  if (typeof value !== 'string' || !/^\d{1,20}:\d{1,20}$/.test(value)) throw expected(path, 'DEVICE:INODE', value);
  return value;
};

const limits = record(integerFrom(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));

const mode = openObject(
  {
    ...{ version: name, deviceType: name, virtioFeatures: bits, requiredProtocolFeatures: bits, limits },
    ...{ tier: oneOf('both-ways', 'forward-only', 'best-effort'), summary: string, covers: array(string) },
    ...{ sources: array(string), origin: string, digest: text(128) },
  },
  { protocolFeatures: bits },
);

/** The head of a journal. Throws what `parseEndpoint` does, and ShapeError. */
export const journalHead = openObject(
  {
    ...{ name, deviceType: name, frontend: usableEndpoint, backend: usableEndpoint, mode, peer },
    ...{ abilities: openObject({ virtioFeatures: bits, protocolFeatures: bits, limits }), inodes: array(inode, 4) },
  },
  { socketGroup: integerFrom(0, 2 ** 32 - 2) },
);

const base64: Check<string> = (value, path) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw expected(path, 'base64', value);
  return value;
};

const side = oneOf('frontend', 'backend');
const via = oneOf('peeked', 'taken', 'pipe', 'descriptors');

/** A message of a journal of the release before. */
const oldMessage = openObject(
  { from: side, to: side, via, request: count, descriptors: count, bytes: count },
  { asks: boolean },
);

const receipt: Check<0 | 1> = (value, path) => {
  if (value !== 0 && value !== 1) throw expected(path, '0 or 1', value);
  return value;
};

const plainMessage = places(...([side, side, via, count, count, count, count, receipt, orNull(base64)] as const));

const message = (value: unknown, path: string) =>
  Array.isArray(value) ? plainMessage(value, path) : oldMessage(value, path);

const pendingReply = places<[number, string | null, boolean | undefined, string | undefined]>(
  count,
  orNull(base64),
  maybe(boolean),
  maybe(hex),
);

/** A record in its plain form. Throws ShapeError. */
export const journalRecord = places(
  ...([hex, hex, orNull(hex), orNull(hex), array(ring), array(places<[number, number]>(ring, count))] as const),
  ...([orNull(count), boolean, array(pendingReply), array(message, 16), count, boolean] as const),
  // those of a later release than the first with this format
  ...([maybe(orNull(count)), maybe(orNull(count))] as const),
);
