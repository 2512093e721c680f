/** The messages in a source file: the text of each call of a logging function, as the program would print it. */

export interface Message {
  /** The function, as `error_report`. */
  readonly call: string;
  /** The format, its pieces joined and its escapes resolved. */
  readonly text: string;
}

/** `calls`: names of functions, as a pattern. C, Rust and Python write a call and a string alike. */
export function messagesIn(source: string, calls: RegExp): Message[] {
  const found: Message[] = [];
  for (const match of source.matchAll(new RegExp(`\\b(${calls.source})!?\\s*\\(`, 'g'))) {
    const text = firstText(source, match.index + match[0].length);
    if (text !== undefined && /[a-z]{3}.* /is.test(text)) found.push({ call: match[1] ?? '', text });
  }
  return found;
}

/** A format that only passes on another text: the next string is the message. */
const ONLY_A_TEXT = /^(?:%s|\{\}|\{0\})?$/;

/** The first string of the arguments from `at` on, with what is joined to it; undefined: there is none. */
function firstText(source: string, at: number): string | undefined {
  let depth = 1;
  let pieces: string[] = [];
  for (let index = at; index < source.length && depth > 0; index += 1) {
    const rest = source.slice(index, index + 4000);
    const string = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest);
    const macro = pieces.length > 0 ? /^(?:PRI\w+|\w*FMT\w*)/.exec(rest) : null;
    if (string !== null) {
      pieces.push(unescaped(string[1] ?? ''));
      index += string[0].length - 1;
    } else if (macro !== null) {
      pieces.push(/x/i.test(macro[0].replace(/^PRI/, '')) ? '%x' : '%d');
      index += macro[0].length - 1;
    } else if (source[index] === '(') depth += 1;
    else if (source[index] === ')') depth -= 1;
    else if (/^'(?:[^'\\]|\\.)'/.test(rest)) index += 2;
    if ((source[index] === ',' && depth === 1) || depth === 0) {
      const text = pieces.join('').replaceAll('%%', '%');
      if (!ONLY_A_TEXT.test(text)) return text;
      pieces = [];
    }
  }
  return undefined;
}

function unescaped(text: string): string {
  return text
    .replace(/\\\n\s*/g, '')
    .replace(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter);
}

/** What may stand in the place of a text: a row may want a path, a request or a device. */
const TEXTS = [
  'x',
  '8',
  '/run/vm/vhu0',
  'VHOST_USER_SET_FEATURES',
  'virtio-net',
  'virtio_bus_start_ioeventfd',
  'postcopy_advise',
  'LE',
];

/** Lines that the program may print with this format; what goes on after a colon is the reason of another function. */
export function samplesOf(text: string): string[] {
  const [first = ''] = text.trim().split('\n');
  const line = text.endsWith(': ') ? `${first} reason` : first;
  return TEXTS.map((word) =>
    line
      .replace(/%#[\d.]*(?:l|ll|z|j|t)?[xX]/g, '0x1f')
      .replace(/%[-+ 0\d.*]*(?:hh|h|ll|l|z|j|t)?[xXp]/g, '1f')
      .replace(/%[-+ 0\d.*]*(?:hh|h|ll|l|z|j|t)?[diuc]/g, '2')
      .replace(/%(?:\(\w+\))?(?:\d+\$)?[-.*\d]*(?:llu|zu|lu|u|d|s|U|m)/g, (format) =>
        /[ud]$/.test(format) ? '2' : word,
      )
      .replace(/\{[^}\s]*\}/g, word),
  );
}
