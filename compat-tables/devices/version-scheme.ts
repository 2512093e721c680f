/** The version scheme `major.minor[.bugfix]`, relative to one device type. */
import { CompatError } from '../errors/compat-error.ts';
import type { Scheme } from './device-document.ts';

export interface SchemeVersion {
  readonly major: number;
  readonly minor: number;
}

const VERSION = /^(\d{1,9})\.(\d{1,9})(?:\.\d{1,9})?$/;

export function isSchemeVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Reads `5.2` or `5.2.17`; throws VC-DOCUMENT. */
export function parseSchemeVersion(text: string): SchemeVersion {
  const [, major, minor] = VERSION.exec(text) ?? [];
  if (major !== undefined && minor !== undefined) return { major: Number(major), minor: Number(minor) };
  throw new CompatError('VC-DOCUMENT', `Cannot read version "${text}": wanted major.minor or major.minor.bugfix`);
}

/** The name under which answers speak of a version; a text that is none of the scheme is left as it is. */
export function plainName(text: string, scheme: Scheme): string {
  return scheme === 'opaque' || !isSchemeVersion(text) ? text : schemeName(parseSchemeVersion(text));
}

/** Without the bugfix number, which makes no difference. */
export function schemeName({ major, minor }: SchemeVersion): string {
  return `${major}.${minor}`;
}

/** Newest first. */
export function compareScheme(a: SchemeVersion, b: SchemeVersion): number {
  return b.major - a.major || b.minor - a.minor;
}

/** Why a device of the version `has` cannot take in what `wanted` was; undefined when it can. */
export function schemeProblem(has: SchemeVersion, wanted: SchemeVersion): string | undefined {
  const own = schemeName(has);
  if (has.major !== wanted.major)
    return `it has ${own}, and nothing moves between majors ${wanted.major} and ${has.major}`;
  if (has.minor >= wanted.minor) return undefined;
  return `it has ${own}, and ${schemeName(wanted)} moves to the same or a later minor of ${wanted.major} only`;
}
