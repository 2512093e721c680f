import { CATALOGUE, type CatalogueRow, type ErrorCode } from './catalogue.ts';
import { EXIT, type Exit } from './exit-status.ts';

/** The subject of an error: any member may be absent. */
export interface ErrorDetails {
  readonly host?: string;
  readonly interface?: string;
  readonly version?: string;
  /** Feature names, never numbers alone. */
  readonly missing?: readonly string[];
  readonly [key: string]: unknown;
}

/** An error with a stable code of the catalogue. Its message says what failed, what was seen and what was wanted. */
export class CompatError extends Error {
  override readonly name = 'CompatError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** The exit status of a program that this error ends. */
  get exit(): Exit {
    const row: CatalogueRow = CATALOGUE[this.code];
    return EXIT[row.exit ?? 'failed'];
  }
}
