import type { Json } from './json-value.ts';

/**
 * `JSON.stringify` that also writes `bigint`, as a plain number. Values without one take the built-in way, which is many
 * times faster; only when it stumbles over a bigint is the text put together here.
 */
export function stringifyJson(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // A bigint is a TypeError. A cycle is one too; it ends as a RangeError below, which is as loud.
    if (!(error instanceof TypeError)) throw error;
    return write(value);
  }
}

function write(value: Json | undefined): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(',')}}`;
}
