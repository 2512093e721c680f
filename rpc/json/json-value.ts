/** A JSON value as this program reads and writes it: integers that a double cannot hold exactly are `bigint`. */
export type Json = JsonAtom | Json[] | JsonObject;
export type JsonAtom = string | number | bigint | boolean | null;
export interface JsonObject {
  [member: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How a value's type is called in messages for people. */
export function jsonTypeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'bigint' ? 'a number' : `a ${typeof value}`;
}
