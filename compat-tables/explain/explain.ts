/** Text of logs and error messages in, what the known lines mean out. */

import type { Entry } from '../entries/entry.ts';
import { isErrorCode } from '../errors/catalogue.ts';
import { deviceNear, guessDevice } from './device.ts';
import { explainCode } from './explain-code.ts';
import { explainMessage, readMask } from './explain-message.ts';
import type { Explanation, LineExplanation } from './explanation.ts';
import type { MessageRow } from './messages/message-row.ts';
import { MESSAGES } from './messages/messages.ts';
import { joinWrapped } from './wrapped-lines.ts';

/** No message is longer; what follows in a longer line is not looked at. */
const MAX_LINE = 4096;

/** A line with a mask begins another event: a device that is named beyond it belongs to that. */
const MASK_LINE = /Features 0x[\da-f]+ unsupported|vhost lacks feature mask|\b0x[\da-f]{4,}\b.*\b0x[\da-f]{4,}\b/i;

const OUR_CODE = /\bVC-[A-Z]+(?:-[A-Z]+)*\b/g;

/**
 * Explains every known line, in the order of the text; lines that say the same as an earlier one are counted there. A
 * line break may also be written `\n`, as in JSON logs. `entries`: the versions that may be recommended.
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

/** An explanation with a key that is equal for lines that say the same: time and place do not count. */
function explainLine(lines: readonly string[], index: number, entries: readonly Entry[]): [string, LineExplanation][] {
  const line = lines[index] ?? '';
  const said: [string, LineExplanation][] = [];
  const read = (row: MessageRow): void => {
    const match = row.pattern.exec(line);
    if (match === null) return;
    const groups = { ...match.groups };
    const near = deviceNear(lines, index, (text) => MASK_LINE.test(text));
    if (row.holds?.(groups, near ?? guessDevice(readMask(groups['features']))) === false) return;
    const one = explainMessage(row, groups, near, entries);
    said.push([`${row.id} ${one.device?.type} ${JSON.stringify(groups)}`, one]);
  };
  for (const row of MESSAGES) if (row.fallback !== true) read(row);
  for (const code of new Set(line.match(OUR_CODE))) {
    if (isErrorCode(code)) said.push([`${code} ${line}`, explainCode(code, line, entries)]);
  }
  for (const row of MESSAGES) if (row.fallback === true && said.length === 0) read(row);
  return said;
}
