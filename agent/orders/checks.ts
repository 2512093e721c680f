import { parseMask } from '../../compat-tables/bits/mask.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import {
  array,
  type Check,
  expected,
  hexMask,
  integer,
  integerFrom,
  oneOf,
  openObject,
  record,
  string,
} from '../../rpc/json/shape.ts';
import type { PeerIdentity } from '../fd/peer.ts';

/**
 * Checks of what the two processes tell each other. A mask is hexadecimal text, a map a list of pairs, bytes are base64: see
 * `encodeOrder`. Members that are not known are left out, because the other process may be one release ahead.
 */

export const hexBits: Check<bigint> = (value, path) => parseMask(hexMask(value, path));

export const bytes: Check<Uint8Array> = (value, path) => Buffer.from(string(value, path), 'base64');

/** A text of at most so many characters. */
export function text(most: number): Check<string> {
  return (value, path) => {
    const read = string(value, path);
    if (read.length > most) throw expected(path, `a text of at most ${most} characters`, value);
    return read;
  };
}

/** What names an interface in orders and facts; also a part of a file name. */
export const id: Check<string> = (value, path) => {
  const read = string(value, path);
  if (!/^[A-Za-z0-9-]{1,64}$/.test(read)) throw expected(path, '1 to 64 letters, digits or dashes', value);
  return read;
};

export const count: Check<number> = integerFrom(0, Number.MAX_SAFE_INTEGER);
export const LONGEST_NAME = 255;
export const name = text(LONGEST_NAME);
export const LONGEST_ENDPOINT = 4200;
/** `listen:PATH` or `connect:PATH`. */
export const endpoint = text(LONGEST_ENDPOINT);

/** A map of numbers, in messages a list of pairs. */
export const numbersByIndex: Check<ReadonlyMap<number, number>> = (value, path) =>
  new Map(array((pair, at) => pairOf(array(integer, 2)(pair, at), at), 4096)(value, path));

function pairOf(pair: readonly number[], path: string): [number, number] {
  const [key, one] = pair;
  if (key === undefined || one === undefined) throw expected(path, 'a pair of numbers', pair);
  return [key, one];
}

const limits = record(integer);

export const abilities: Check<Abilities> = openObject({ virtioFeatures: hexBits, protocolFeatures: hexBits, limits });

const entryMembers = openObject(
  {
    ...{ version: name, deviceType: name, virtioFeatures: hexBits, requiredProtocolFeatures: hexBits, limits },
    ...{ tier: oneOf('both-ways', 'forward-only', 'best-effort'), summary: string, covers: array(string) },
    ...{ sources: array(string), origin: string, digest: string },
  },
  { protocolFeatures: hexBits, withdrawn: openObject({ since: string, why: string }, { use: string }) },
);

export const entry: Check<Entry> = (value, path) => ({
  protocolFeatures: undefined,
  ...entryMembers(value, path),
});

export const peer: Check<PeerIdentity> = openObject(
  { pid: count, startTime: string, bootId: string },
  { socket: string },
);
