import { Turn } from '../../base/turns.ts';

/** Arrays and objects so deep are taken apart: an answer, its result, a list in it, an item of that. */
const DEPTH = 4;

/** `JSON.stringify(value)` for values of many megabytes, with turns for others in between. */
export async function stringifyInTurns(value: object): Promise<string> {
  const turn = new Turn();
  const parts: string[] = [];
  for (const part of partsOf(value, DEPTH)) {
    parts.push(part);
    if (turn.isOver) await turn.next();
  }
  return parts.join('');
}

function* partsOf(value: unknown, depth: number): Generator<string, void> {
  if (typeof value !== 'object' || value === null || depth === 0) yield JSON.stringify(value) ?? 'null';
  else if (Array.isArray(value)) {
    yield '[';
    for (const [index, item] of value.entries()) {
      if (index > 0) yield ',';
      yield* partsOf(item, depth - 1);
    }
    yield ']';
  } else {
    let before = '{';
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* partsOf(member, depth - 1);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  }
}
