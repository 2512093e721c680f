/** Text of logs and error messages in, what the known lines mean out. */

import type { FeatureFamily } from '../bits/feature-bits.ts';
import { decodeMask, MAX_MASK_BITS, parseMask } from '../bits/mask.ts';
import { PROTOCOL } from '../bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../bits/virtio-net.ts';
import type { Entry } from '../entries/entry.ts';
import { CATALOGUE, type ErrorCode, isErrorCode } from '../errors/catalogue.ts';
import { numberedRequest } from '../protocol/requests.ts';
import { type Device, deviceNear, guessDevice } from './device-names.ts';
import { type AboutMissing, explainLack, explainMove } from './explain-mask.ts';
import type { ExplainedMask, Explanation, MaskRole } from './explanation.ts';
import { filled, type MessageRow } from './message.ts';
import { MESSAGES } from './messages.ts';
import { joinWrapped } from './wrapped.ts';

type Groups = Readonly<Record<string, string | undefined>>;

/** What one line gives, before its place and its repetitions are known. */
type Said = Omit<Explanation, 'line' | 'count' | 'text'>;

/** No message is longer; what follows in a longer line is not looked at. */
const MAX_LINE = 4096;

/** A mask in a line starts a story of its own: the device that is named beyond it is another's. */
const MASK_LINE = /Features 0x[\da-f]+ unsupported|vhost lacks feature mask|\b0x[\da-f]{4,}\b.*\b0x[\da-f]{4,}\b/i;

const OUR_CODE = /\bVC-[A-Z]+(?:-[A-Z]+)*\b/g;
const OUR_MISSING = /does not offer ((?:VIRTIO|VHOST)_[A-Z0-9_]+(?:, (?:VIRTIO|VHOST)_[A-Z0-9_]+)*)/;

const NOTHING: AboutMissing = {
  missing: [],
  culprits: [],
  remedies: [],
  fits: { guest: [], here: [] },
  prevention: undefined,
};

/**
 * Every line that is known, in the order of the text; lines that say the same as an earlier one are counted there. A
 * line break may also be written `\n`, as in JSON logs. `entries`: the versions that could be recommended.
 */
export function explain(text: string, entries: readonly Entry[]): Explanation[] {
  const broken = text.split(/\r?\n/).flatMap((whole, index) => {
    return whole.split(/\\r\\n|\\n/).map((line) => ({ number: index + 1, line: line.trim().slice(0, MAX_LINE) }));
  });
  const places = joinWrapped(broken);
  const lines = places.map(({ line }) => line);
  const found = new Map<string, Explanation>();
  for (const [index, { number, line }] of places.entries()) {
    for (const [key, said] of explainLine(lines, index, entries)) {
      const earlier = found.get(key);
      if (earlier === undefined) found.set(key, { ...said, line: number, count: 1, text: line });
      else found.set(key, { ...earlier, count: earlier.count + 1 });
    }
  }
  return [...found.values()];
}

/** With a key that is the same for lines that say the same: time and place in the log do not count. */
function explainLine(lines: readonly string[], index: number, entries: readonly Entry[]): [string, Said][] {
  const line = lines[index] ?? '';
  const said: [string, Said][] = [];
  const read = (row: MessageRow): void => {
    const match = row.pattern.exec(line);
    if (match === null) return;
    const groups: Groups = { ...match.groups };
    const near = deviceNear(lines, index, (text) => MASK_LINE.test(text));
    if (row.holds?.(groups, near ?? guessDevice(readMask(groups['features']))) === false) return;
    const one = explainRow(row, groups, near, entries);
    said.push([`${row.id} ${one.device?.type} ${JSON.stringify(groups)}`, one]);
  };
  for (const row of MESSAGES) if (row.fallback !== true) read(row);
  for (const code of new Set(line.match(OUR_CODE))) {
    if (isErrorCode(code)) said.push([`${code} ${line}`, explainCode(code, line, entries)]);
  }
  for (const row of MESSAGES) if (row.fallback === true && said.length === 0) read(row);
  return said;
}

function explainRow(row: MessageRow, groups: Groups, near: Device | undefined, entries: readonly Entry[]): Said {
  const { missing: lacking, features, allowed, negotiated, other, protocol } = groups;
  const guest = readMask(features);
  const hasVirtioMask = [features, lacking, negotiated, other].some((one) => one !== undefined);
  const device = hasVirtioMask ? (near ?? guessDevice(guest)) : undefined;
  const family = device?.family ?? VIRTIO_NET;
  const masks = [
    ...maskOf('guest', guest, family),
    ...maskOf('allowed', readMask(allowed), family),
    ...maskOf('negotiated', readMask(negotiated), family),
    ...maskOf('other', readMask(other), family),
    ...maskOf('protocol', readMask(protocol), PROTOCOL),
  ];
  const given = { guest, allowed: readMask(allowed), lacking: readMask(lacking), cut: allowed === undefined };
  const about = aboutMissing(row, given, device, entries);
  const missing = about.missing.reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n);
  const lacksProtocol = row.lacks?.family === 'protocol';
  const values = valuesOf(groups);
  return {
    id: row.id,
    program: row.program,
    means: filled(row.means, values),
    device,
    masks: [...masks, ...(missing === 0n ? [] : maskOf('missing', missing, lacksProtocol ? PROTOCOL : family))],
    missing: about.missing,
    culprits: [
      ...(row.culprit === undefined ? [] : [filled(row.culprit, values)]),
      ...tooLong([features, allowed, lacking, negotiated, other, protocol]),
      ...about.culprits,
    ],
    remedies: [...(row.remedy === undefined ? [] : [filled(row.remedy, values)]), ...about.remedies],
    fits: about.fits,
    prevention: about.prevention,
  };
}

interface Masks {
  readonly guest: bigint | undefined;
  readonly allowed: bigint | undefined;
  readonly lacking: bigint | undefined;
  /** The line has no second mask. */
  readonly cut: boolean;
}

function aboutMissing(
  { lacks }: MessageRow,
  { guest, allowed, lacking, cut }: Masks,
  device: Device | undefined,
  entries: readonly Entry[],
): AboutMissing {
  if (lacks !== undefined) {
    const family = lacks.family === 'protocol' ? PROTOCOL : VIRTIO_NET;
    // the row has its own culprit and remedy; the bits are the same on every device type
    const { missing } = explainLack(
      parseMask(lacks.names.join(' '), family),
      { type: 'net', known: 'said', family },
      [],
    );
    return { ...NOTHING, missing };
  }
  if (device === undefined) return NOTHING;
  if (guest !== undefined && allowed !== undefined) return explainMove(guest, allowed, device, entries);
  if (lacking !== undefined) return explainLack(lacking, device, entries);
  if (guest === undefined || !cut) return NOTHING;
  const culprits = [
    'The line is cut off: what the destination allows ("Allowed features: 0x…") tells what is missing.',
  ];
  return { ...NOTHING, culprits };
}

/** One of our own errors: the catalogue has the words, the line may name the bits. */
function explainCode(code: ErrorCode, line: string, entries: readonly Entry[]): Said {
  const { title, meaning, remedy } = CATALOGUE[code];
  const names = OUR_MISSING.exec(line)?.[1];
  const protocol = names?.startsWith('VHOST_USER_PROTOCOL_') === true;
  const family = protocol ? PROTOCOL : VIRTIO_NET;
  const mask = names === undefined ? undefined : readNames(names, family);
  const device: Device = { type: 'net', known: 'guessed', family };
  const about = mask === undefined ? NOTHING : explainLack(mask, device, protocol ? [] : entries);
  return {
    id: code,
    program: 'vhost-compat',
    means: `${title.slice(0, 1).toUpperCase()}${title.slice(1)}. ${meaning}`,
    culprits: [],
    remedies: [remedy],
    device: mask === undefined || protocol ? undefined : device,
    masks: maskOf('missing', mask, family),
    missing: about.missing,
    fits: about.fits,
    prevention: protocol ? undefined : about.prevention,
  };
}

function maskOf(role: MaskRole, mask: bigint | undefined, family: FeatureFamily): ExplainedMask[] {
  return mask === undefined ? [] : [{ role, mask, family, bits: decodeMask(family, mask) }];
}

/** A mask of an altered or foreign line may be too long to be one; `tooLong` says so. */
function readMask(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const mask = BigInt(text);
  return mask >> BigInt(MAX_MASK_BITS) === 0n ? mask : undefined;
}

/** So much of a number is shown that it can be found in the line. */
const SHOWN_DIGITS = 18;

function tooLong(masks: readonly (string | undefined)[]): string[] {
  return masks.flatMap((text) =>
    text === undefined || readMask(text) !== undefined
      ? []
      : [
          `The mask ${text.slice(0, SHOWN_DIGITS)}… has more than ${MAX_MASK_BITS} bits: it was altered, or is no feature mask.`,
        ],
  );
}

/** A name that this release does not know ends the reading, not the explanation. */
function readNames(names: string, family: FeatureFamily): bigint | undefined {
  try {
    return parseMask(names, family);
  } catch {
    return undefined;
  }
}

/** The groups for the texts: request numbers by name. */
function valuesOf(groups: Groups): Groups {
  const values: Record<string, string | undefined> = { ...groups };
  for (const name of ['expected', 'received', 'request']) {
    const number = groups[name];
    values[name] = number === undefined ? 'a request' : numberedRequest(Number(number));
  }
  for (const name of ['expectedBack', 'receivedBack']) {
    const number = groups[name];
    if (number !== undefined) values[name] = numberedRequest(Number(number), 'backend');
  }
  return values;
}
