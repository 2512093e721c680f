import type { Json } from '../../json/json-value.ts';
import { stringifyJson } from '../../json/stringify.ts';
import { compareText } from './ovsdb-text.ts';

/** Error tags of RFC 7047 (sections 4.1 and 5.2) and of ovsdb-server, byte for byte, because clients compare them. */
const OVSDB_ERROR = {
  syntax: 'syntax error',
  unknownColumn: 'unknown column',
  unknownFunction: 'unknown function',
  unknownMutator: 'unknown mutator',
  unknownDatabase: 'unknown database',
  constraint: 'constraint violation',
  referential: 'referential integrity violation',
  duplicateUuidName: 'duplicate uuid-name',
  duplicateUuid: 'duplicate uuid',
  domain: 'domain error',
  range: 'range error',
  timedOut: 'timed out',
  notOwner: 'not owner',
  notAllowed: 'not allowed',
  aborted: 'aborted',
  canceled: 'canceled',
  ioError: 'I/O error',
  exhausted: 'resources exhausted',
  invalidParameters: 'invalid parameters',
  /** ovsdb-server's tag for errors without one of their own: duplicates in a set or map. */
  untagged: 'ovsdb error',
} as const satisfies Record<string, string>;

export type OvsdbErrorKind = keyof typeof OVSDB_ERROR;

/** An error to report to the client, as an element of a transaction's result or as an error reply. */
export class OvsdbError extends Error {
  override readonly name = 'OvsdbError';
  readonly kind: OvsdbErrorKind;
  readonly details: string | undefined;
  /** The offending JSON, if any, as compact text with sorted member names. */
  readonly syntax: string | undefined;

  constructor(
    kind: OvsdbErrorKind,
    details?: string,
    options: { readonly json?: Json | undefined; readonly cause?: unknown } = {},
  ) {
    super(`${OVSDB_ERROR[kind]}${details === undefined ? '' : `: ${details}`}`, { cause: options.cause });
    this.kind = kind;
    this.details = details;
    this.syntax = options.json === undefined ? undefined : evidence(options.json);
  }

  /** The `<error>` of RFC 7047, section 3.1. */
  toJSON(): { error: string; details?: string; syntax?: string } {
    return {
      ...(this.details === undefined ? {} : { details: this.details }),
      error: OVSDB_ERROR[this.kind],
      ...(this.syntax === undefined ? {} : { syntax: this.syntax }),
    };
  }
}

/** An error in the form of `json`, with its text. */
export function syntaxError(json: Json | undefined, details: string, kind: OvsdbErrorKind = 'syntax'): OvsdbError {
  return new OvsdbError(kind, details, { json });
}

/** Compact JSON with member names sorted by their UTF-8 bytes, as ovsdb-server prints it in errors. */
export function canonicalText(json: Json): string {
  return stringifyJson(sorted(json));
}

function sorted(json: Json): Json {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json === 'number') return Number.isSafeInteger(json) ? json : readableReal(json);
  if (typeof json !== 'object' || json === null) return json;
  const members = Object.entries(json).sort(([a], [b]) => compareText(a, b));
  return Object.fromEntries(members.map(([name, value]) => [name, sorted(value)]));
}

/** A real for clients: rounded to 15 significant digits, as by C's `%.15g`, but never beyond the largest real. */
export function readableReal(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value;
  const rounded = Number(value.toPrecision(15));
  return Number.isFinite(rounded) ? rounded : value;
}

/** C's `%.15g`, with the exponent's sign and two digits. */
export function realText(value: number): string {
  const exponent = value === 0 ? 0 : Number(value.toExponential(14).split('e')[1]);
  if (exponent >= -4 && exponent < 15) return String(readableReal(value));
  const [digits = '', power = ''] = value.toExponential(14).split('e');
  const trimmed = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  return `${trimmed}e${power.replace(/^([-+])(\d)$/, '$10$2')}`;
}

/** Like canonicalText, with reals as C prints them. */
function evidence(json: Json): string {
  if (Array.isArray(json)) return `[${json.map(evidence).join(',')}]`;
  if (typeof json === 'number' && !Number.isSafeInteger(json)) return realText(json);
  if (typeof json !== 'object' || json === null) return stringifyJson(json);
  const members = Object.entries(json).sort(([a], [b]) => compareText(a, b));
  return `{${members.map(([name, value]) => `${stringifyJson(name)}:${evidence(value)}`).join(',')}}`;
}
