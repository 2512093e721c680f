/** Texts in the columns of a terminal: how many a text takes, and how it is broken into lines. */

const ASCII = /^[ -~]*$/;
const ESCAPES = /\u001b\[[\d;]*m/g;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** The blocks that Unicode's UAX #11 calls wide. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** The columns that a text takes; colours and combining marks take none. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text.replaceAll(ESCAPES, '')) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  return WIDE.test(char) ? 2 : NO_WIDTH.test(char) ? 0 : 1;
}

/** Fills a text up with spaces to a width. */
export function padDisplay(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/**
 * Breaks a line at words, so that no part is wider than `width`; all parts but the first are indented by `hang`. A word
 * that is wider is broken itself, after punctuation if that may be.
 */
export function wrapLine(line: string, width: number, hang = 0): string[] {
  const indent = Math.min(hang, Math.floor(width / 2));
  const lines: string[] = [];
  let rest = line;
  let room = width;
  while (displayWidth(rest) > room) {
    const end = breakIndex(rest, room, width - indent);
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
    room = width - indent;
  }
  lines.push(rest);
  return lines.map((text, index) => (index === 0 ? text : ' '.repeat(indent) + text));
}

/** `next` is the room on the next line: a word that does not fit there either may as well begin here. */
function breakIndex(text: string, room: number, next: number): number {
  const most = fittingLength(text, room);
  const space = text.lastIndexOf(' ', most);
  const [word = ''] = text.slice(space + 1).split(' ', 1);
  if (text.slice(0, Math.max(0, space)).trim() !== '' && displayWidth(word) <= next) return space;
  const after = text.slice(0, most).search(/[^.,;:=+/_-]*$/);
  return after > most / 2 ? after : most;
}

/** The length of the longest beginning that fits: at least one character, so that there is always an end. */
function fittingLength(text: string, room: number): number {
  let length = 0;
  let used = 0;
  for (const char of text) {
    used += charWidth(char);
    if (used > room && length > 0) break;
    length += char.length;
  }
  return length;
}
