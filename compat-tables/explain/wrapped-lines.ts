/**
 * Terminals, mails and tickets break long lines where they like. QEMU's line of two masks is joined again wherever it was
 * broken, since half a mask would be taken for a whole one; of other lines two pieces are read together.
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
export const MOST_JOINED = 2;
/** QEMU 10.2 and later print 128 bits. */
const MASK_DIGITS = 32;

/** A record of its own: it begins with a time, a program or a mark of a log. */
const OWN_RECORD =
  /^(?:\[|\d{4}-\d\d|\d{1,2}:\d\d|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) |VHOST_|qemu|kvm:|error:|EAL:|[\w.-]+\[\d+\]:)/;
/** No window is so narrow that shorter lines are broken. */
const SHORTEST_BROKEN = 30;

/** The lines as one, where the second may be the rest of the first: broken between words, and in the middle of one. */
export function joinedPair(first: string, second: string | undefined): readonly string[] {
  if (second === undefined || second === '' || first.length < SHORTEST_BROKEN || OWN_RECORD.test(second)) return [];
  return [`${first} ${second}`, first + second];
}

/** The first of the lines with the pieces of a broken line of two masks after it, and how many lines that takes. */
export function wholeLine(lines: readonly string[]): { readonly line: string; readonly pieces: number } {
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
