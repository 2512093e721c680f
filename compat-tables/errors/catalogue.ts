import type { EXIT } from './exit-status.ts';
import { PORT_ERRORS } from './port-errors.ts';
import { PROGRAM_ERRORS } from './program-errors.ts';
import { VERSION_ERRORS } from './version-errors.ts';

export interface CatalogueRow {
  /** Begins in lower case and has no full stop. */
  readonly title: string;
  /** What it means, in a sentence or two. */
  readonly meaning: string;
  /** What to do about it. Commands and their options stand in backticks, with the name of their program. */
  readonly remedy: string;
  /** How a program ends with this error; absent: it failed. */
  readonly exit?: Exclude<keyof typeof EXIT, 'done'>;
}

/**
 * Every error that a user can meet, by its stable code. docs/errors.md is generated from here. A code never changes its
 * meaning; a new meaning needs a new code.
 */
export const CATALOGUE = { ...VERSION_ERRORS, ...PORT_ERRORS, ...PROGRAM_ERRORS } as const satisfies Record<
  `VC-${string}`,
  CatalogueRow
>;

export type ErrorCode = keyof typeof CATALOGUE;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(CATALOGUE, text);
}
