import { HEADER_SIZE, NEED_REPLY, REPLY, VERSION } from '../../../../agent/vhost/header.ts';
import type { Chance } from '../../../rpc/ovsdb/fuzz/chance.ts';
import { MOST_FDS } from './raw.ts';
import { anyBytes, anyU64, kinds, type Said, U32S } from './words.ts';

type Wound = (said: Said, chance: Chance) => Said;

const REQUEST = 0;
const FLAGS = 4;
const SIZE = 8;

function changed(said: Said, change: (view: DataView) => void): Said {
  const bytes = Uint8Array.from(said.bytes);
  change(new DataView(bytes.buffer));
  return { ...said, bytes };
}

/** The payload made longer or shorter, the header telling the truth about it. */
function resized(said: Said, length: number): Said {
  const bytes = new Uint8Array(HEADER_SIZE + length);
  bytes.set(said.bytes.subarray(0, bytes.length));
  return changed({ ...said, bytes }, (view) => view.setUint32(SIZE, length, true));
}

const payloadOf = ({ bytes }: Said): number => bytes.length - HEADER_SIZE;

/** What can be wrong with one message. Each is tried on requests and on replies. */
const WOUNDS: readonly Wound[] = [
  (said, chance) => changed(said, (view) => view.setUint32(FLAGS, chance.pick([0, 2, 3]), true)),
  (said) => changed(said, (view) => view.setUint32(FLAGS, view.getUint32(FLAGS, true) ^ REPLY, true)),
  (said) => changed(said, (view) => view.setUint32(FLAGS, VERSION | REPLY | NEED_REPLY, true)),
  (said, chance) => changed(said, (view) => view.setUint32(FLAGS, chance.below(2 ** 32), true)),
  // The header lies about the size: too short, too long, and far too long.
  (said, chance) =>
    changed(said, (view) => view.setUint32(SIZE, Math.max(0, payloadOf(said) + chance.pick([-8, -1, 1, 8])), true)),
  (said, chance) => changed(said, (view) => view.setUint32(SIZE, chance.pick([4096, 4097, ...U32S]), true)),
  (said, chance) => resized(said, Math.max(0, payloadOf(said) + chance.pick([-9, -8, -4, -1, 1, 4, 8, 32]))),
  (said, chance) => resized(said, chance.pick([0, 1, 4095, 4096, 4097, 20_000])),
  (said, chance) => changed(said, (view) => view.setUint32(REQUEST, chance.pick([46, ...U32S]), true)),
  (said, chance) => changed(said, (view) => view.setUint32(REQUEST, chance.below(46), true)),
  (said, chance) => ({ ...said, fds: kinds(chance, chance.below(10)) }),
  (said, chance) => ({ ...said, fds: kinds(chance, chance.pick([16, 63, 64, 65, 128, MOST_FDS])) }),
  (said) => ({ ...said, fds: [] }),
  // The first words of the payload: ring index over its full width, number of regions, a mask.
  (said, chance) =>
    payloadOf(said) < 4 ? said : changed(said, (view) => view.setUint32(HEADER_SIZE, chance.pick(U32S), true)),
  (said, chance) =>
    payloadOf(said) < 8 ? said : changed(said, (view) => view.setBigUint64(HEADER_SIZE, anyU64(chance), true)),
  (said, chance) => changed(said, (view) => view.setUint8(chance.below(view.byteLength), chance.below(256))),
  (_said, chance) => ({ bytes: anyBytes(chance, 1 + chance.below(200)), fds: kinds(chance, chance.below(3)) }),
  // Less than the header promised; what follows is taken for the rest of it.
  ({ bytes, fds }, chance) => ({ bytes: bytes.subarray(0, 1 + chance.below(bytes.length)), fds }),
];

export function wounded(said: Said, chance: Chance): Said {
  return chance.pick(WOUNDS)(said, chance);
}
