import type { Option } from '../settings/arguments.ts';

/** `--help`, within the 80 columns that every terminal has. */
const COLUMNS = 80;
/** A name longer than this stands on a line of its own. */
const WIDEST_NAME = 26;

export interface HelpPage {
  /** `vhost-compatd probe [options] <endpoint>` */
  readonly usage: string;
  readonly about: string;
  /** Name and text of each line, by heading. */
  readonly sections: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  readonly after?: string;
}

export function helpText({ usage, about, sections, after }: HelpPage): string {
  const lines = [`Usage: ${usage}`, '', ...wrapped(about, COLUMNS)];
  for (const [heading, rows] of Object.entries(sections)) {
    lines.push('', `${heading}:`);
    const width = Math.min(WIDEST_NAME, Math.max(...rows.map(([name]) => name.length)));
    for (const [name, text] of rows) lines.push(...row(name, text, width));
  }
  if (after !== undefined) lines.push('', ...wrapped(after, COLUMNS));
  return `${lines.join('\n')}\n`;
}

/** `-p, --private-key <file>` and what it does. */
export function optionRow({ flag, short, placeholder, help }: Option): readonly [string, string] {
  const names = short === undefined ? flag : `${short}, ${flag}`;
  return [placeholder === undefined ? names : `${names} <${placeholder}>`, help];
}

function row(name: string, text: string, width: number): string[] {
  const indent = ' '.repeat(width + 4);
  const [first = '', ...rest] = wrapped(text, COLUMNS - indent.length);
  const more = rest.map((line) => `${indent}${line}`);
  if (name.length > width) return [`  ${name}`, `${indent}${first}`, ...more];
  return [`  ${name.padEnd(width)}  ${first}`, ...more];
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
