import { isJsonObject, type Json } from '../../../../rpc/json/json-value.ts';
import type { Chance } from './chance.ts';

const PIECES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2n ** 63n - 1n,
  '',
  'op',
  'a',
  '_uuid',
  '__proto__',
  'constructor',
  '==',
  'insert',
  'true',
  [],
  {},
  ['set', []],
  ['set', [1, 1]],
  ['set', [['set', []]]],
  ['map', []],
  ['map', [['a', 'b']]],
  ['map', [[1]]],
  ['uuid', 'x'],
  ['uuid', '00000000-0000-0000-0000-000000000000'],
  ['named-uuid', 'n1'],
  ['named-uuid', ''],
  [[[[[]]]]],
];
const NAMES = [
  'where',
  'row',
  'table',
  'columns',
  'uuid',
  'uuid-name',
  'timeout',
  'until',
  'id',
  'select',
  '__proto__',
  '',
];

/** A copy in which something was replaced, taken away, doubled or added: right in form as JSON, wrong as a request. */
export function wounded<T extends Json>(json: T, chance: Chance): Json {
  const places = countPlaces(json);
  return wound(json, chance, { left: chance.below(places) });
}

function countPlaces(json: Json): number {
  const inner = Array.isArray(json) ? json : isJsonObject(json) ? Object.values(json) : [];
  return inner.reduce<number>((sum, one) => sum + countPlaces(one), 1);
}

function wound(json: Json, chance: Chance, place: { left: number }): Json {
  if (place.left-- === 0) return harm(json, chance);
  if (Array.isArray(json)) return json.map((one) => wound(one, chance, place));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, one]) => [name, wound(one, chance, place)]));
}

function harm(json: Json, chance: Chance): Json {
  const piece = chance.pick(PIECES);
  if (chance.once(3)) return piece;
  if (Array.isArray(json)) {
    const at = chance.below(json.length + 1);
    return chance.pick<() => Json>([
      () => json.toSpliced(at, 1),
      () => json.toSpliced(at, 0, piece),
      () => [...json, ...json],
      () => json.toReversed(),
      () => [json],
    ])();
  }
  if (isJsonObject(json)) {
    const entries = Object.entries(json);
    const at = chance.below(entries.length + 1);
    return Object.fromEntries(chance.once(2) ? entries.toSpliced(at, 1) : [...entries, [chance.pick(NAMES), piece]]);
  }
  return piece;
}

/** Bytes with some of them cut out, doubled or replaced. */
export function scrambled(text: string, chance: Chance): Buffer {
  const bytes = Buffer.from(text);
  const at = chance.below(bytes.length);
  const end = Math.min(bytes.length, at + 1 + chance.below(8));
  const part = bytes.subarray(at, end);
  const instead = chance.pick([
    Buffer.alloc(0),
    Buffer.concat([part, part]),
    Buffer.from([chance.below(256)]),
    Buffer.from(chance.pick(['{', '}', '[', ']', '"', '\\', ',', ':', '\\ud800', '1e999', '\0', 'null'])),
  ]);
  return Buffer.concat([bytes.subarray(0, at), instead, bytes.subarray(end)]);
}
