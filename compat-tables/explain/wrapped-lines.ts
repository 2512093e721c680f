/**
 * Terminals, mails and tickets break QEMU's line of two masks where they like, and the second mask is lost. Only this
 * line is joined again: a log is full of lines that end in the middle and have nothing to do with the next.
 */

export interface Place {
  /** The line number in the text, counted from 1. */
  readonly number: number;
  readonly line: string;
}

const BEGIN = /Features 0x[\da-f]/i;
const WHOLE = /Features 0x[\da-f]+ unsupported\. ?Allowed features: 0x[\da-f]+/i;
/** The line ends in its second mask, which may go on. */
const ENDS_IN_MASK = /Features 0x(?<guest>[\da-f]+) unsupported\. ?Allowed features: 0x(?<digits>[\da-f]+)$/i;
const ONLY_DIGITS = /^(?<digits>[\da-f]+)[`'")\].,;]*$/i;

/** A narrow window breaks the line into three pieces. */
const MOST_JOINED = 2;
/** vhost-user messages carry 64 bits. */
const MASK_DIGITS = 16;

/** Joins a broken line at the place of its first piece; the other pieces are removed. */
export function joinWrapped(places: readonly Place[]): Place[] {
  const joined: Place[] = [];
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index];
    if (place === undefined) break;
    const { line, pieces } = wholeLine(places.slice(index, index + MOST_JOINED + 1).map((one) => one.line));
    joined.push({ ...place, line });
    index += pieces - 1;
  }
  return joined;
}

function wholeLine(lines: readonly string[]): { readonly line: string; readonly pieces: number } {
  const [first = ''] = lines;
  const alone = { line: first, pieces: 1 };
  if (!BEGIN.test(first)) return alone;
  if (WHOLE.test(first)) return restOfMask(first, lines[1] ?? '') ?? alone;
  for (let pieces = 2; pieces <= lines.length; pieces += 1) {
    if (BEGIN.test(lines[pieces - 1] ?? '')) break;
    // broken between words, or in the middle of one
    for (const between of [' ', '']) {
      const line = lines.slice(0, pieces).join(between);
      if (WHOLE.test(line)) return { line, pieces };
    }
  }
  return alone;
}

/** Half a mask would name bits that are not missing at all. A whole one is about as long as the guest's. */
function restOfMask(first: string, next: string): { readonly line: string; readonly pieces: number } | undefined {
  const { guest = '', digits = '' } = ENDS_IN_MASK.exec(first)?.groups ?? {};
  const rest = ONLY_DIGITS.exec(next)?.groups?.['digits'];
  if (rest === undefined || digits.length >= guest.length || digits.length + rest.length > MASK_DIGITS)
    return undefined;
  return { line: first + next, pieces: 2 };
}
