import type { Json } from '../json/json-value.ts';
import { ovsUuid } from '../ovsdb/notation/values.ts';

/** Operations on one row of a table, by its UUID (RFC 7047, section 5.2). */

/** Fails the transaction unless the row still has these values. */
export function guard(table: string, uuid: string, row: Record<string, Json>): Json {
  const columns = Object.keys(row);
  return { op: 'wait', table, timeout: 0, where: whereUuid(uuid), columns, until: '==', rows: [row] };
}

export function update(table: string, uuid: string, row: Record<string, Json>): Json {
  return { op: 'update', table, where: whereUuid(uuid), row };
}

export function mutate(table: string, uuid: string, column: string, mutator: string, value: Json): Json {
  return { op: 'mutate', table, where: whereUuid(uuid), mutations: [[column, mutator, value]] };
}

/** The condition that names a row. */
export function whereUuid(uuid: string): Json {
  return [['_uuid', '==', ovsUuid(uuid)]];
}
