import type { TableModel } from './column.ts';
import { COMPAT_VERSION } from './compat-version.ts';
import { EVENT } from './event.ts';
import { HOST, HOST_PRIVATE } from './host.ts';
import { INTERFACE } from './interface.ts';

/** The tables of the database by name. */
export const TABLE_MODELS = {
  Host: HOST,
  Compat_Version: COMPAT_VERSION,
  Interface: INTERFACE,
  Event: EVENT,
  Host_Private: HOST_PRIVATE,
} as const satisfies Readonly<Record<string, TableModel>>;

/** Whether the agent alone writes a column, to say what is: nobody follows such a change. */
export function isStatusColumn(table: string, column: string): boolean {
  const models: Readonly<Record<string, TableModel>> = TABLE_MODELS;
  return models[table]?.[column]?.role === 'status';
}

/** Whether clients write a column, to say what they want. */
export function isIntentColumn(table: string, column: string): boolean {
  const models: Readonly<Record<string, TableModel>> = TABLE_MODELS;
  return models[table]?.[column]?.role === 'intent';
}
