/**
 * What stands around a line when people paste it: marks of quoted mail, quoted-printable, colours of a terminal, escapes of
 * JSON and syslog, entities of a web page. What remains is what the program wrote.
 */

/** Terminal sequences: real escapes, and how syslog (`#033`), JSON and pagers write them. */
const ESCAPES = /(?:\x1b|#033|\\u001b|\\x1b|\^\[)(?:\[[\d;?]*[ -/]*[@-~]|\][^\x07]*\x07)/gi;
const QUOTE_MARKS = /^(?:\s*(?:>|&gt;)[ \t]?)+/;
/** One line in a JSON string or a syslog record may hold several; the carriage return is white space. */
const INNER_BREAK = /(?:\\+r)?\\+n|#012/;
const INVISIBLE = /[\u200b-\u200f\u2060\ufeff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  '#39': "'",
  '#34': '"',
  lt: '<',
  gt: '>',
  amp: '&',
};

/** The lines that one line of a pasted text holds. */
export function unframed(line: string): string[] {
  return line.split(INNER_BREAK).map(plain);
}

function plain(line: string): string {
  let text = line;
  // nearly all lines of a log have none of these signs, and are done at once
  if (/[\x1b#\\^]/.test(text))
    text = text
      .replace(ESCAPES, '')
      .replaceAll('#011', ' ')
      .replace(/\\+(["'])/g, '$1');
  if (text.includes('\\u00')) text = text.replace(/\\u00([2-7][\da-f])/gi, (_, hex: string) => character(hex));
  if (text.includes('>') || text.includes('&gt;')) text = text.replace(QUOTE_MARKS, '');
  if (text.includes('&'))
    text = text.replace(/&(quot|apos|#39|#34|lt|gt|amp);/g, (whole, name: string) => ENTITIES[name] ?? whole);
  if (/[^\x00-\x7f]/.test(text))
    text = text
      .replace(INVISIBLE, '')
      .replace(/[\u2018\u2019]/g, "'")
      .replace(/[\u201c\u201d]/g, '"')
      .replace(/[\u00a0\u202f]/g, ' ');
  return text.trim();
}

function character(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

/** The longest line of quoted-printable (RFC 2045, section 6.7); mail programs break a little ahead of it. */
const QP_LINE = 76;
const QP_SHORTEST = 60;

/** Whether the line is broken softly: quoted-printable goes on in the next one. */
export function isSoftlyBroken(line: string): boolean {
  return line.endsWith('=') && line.length <= QP_LINE && line.length >= QP_SHORTEST;
}

/** The line with its `=3D` decoded; `whole`: the text is known to be quoted-printable, and all of it is decoded. */
export function unprinted(line: string, whole: boolean): string {
  if (!line.includes('=')) return line;
  if (!whole) return line.replaceAll('=3D', '=');
  // what is not ASCII has no part in any message
  return line.replace(/=([\dA-F]{2})/g, (_, hex: string) => (Number.parseInt(hex, 16) < 0x80 ? character(hex) : ' '));
}

export const SAYS_QUOTED_PRINTABLE = /^Content-Transfer-Encoding:\s*quoted-printable/i;
