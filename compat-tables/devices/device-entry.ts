/** One `compatible` entry, read once and matched often. */

import type { Effort } from '../compare/effort.ts';
import type { Blocker, Tier } from '../entries/entry.ts';
import type { Withdrawal } from '../entries/withdrawal.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { CompatibleEntry, Fields, Scheme } from './device-document.ts';
import { type Bindings, isConcrete, matchAll, type Pattern, parsePattern, type Task } from './pattern.ts';
import { checkVariable, domainText, fieldText } from './variables.ts';
import { parseSchemeVersion, type SchemeVersion, schemeProblem } from './version-scheme.ts';

/** A device without variables: what may be asked for. */
export interface Concrete {
  readonly version: string | undefined;
  readonly fields: Fields;
}

export interface ReadEntry {
  /** The pattern of the version, or its number when the collection has a scheme; undefined: any. */
  readonly version: Pattern | SchemeVersion | undefined;
  readonly fields: ReadonlyMap<string, Pattern>;
  readonly variables: NonNullable<CompatibleEntry['variables']>;
  readonly digest: string | undefined;
  readonly tier: Tier;
  readonly withdrawn: Withdrawal | undefined;
  /** Set when it has no variable, so that it names one device. */
  readonly concrete: Concrete | undefined;
}

/** Throws VC-DOCUMENT with what is wrong. */
export function readCompatibleEntry(entry: CompatibleEntry, scheme: Scheme): ReadEntry {
  const { version, fields = {}, variables = {}, digest, tier = 'both-ways', withdrawn } = entry;
  if (version === undefined && Object.keys(fields).length === 0)
    throw new CompatError('VC-DOCUMENT', 'Cannot use an entry: it has no version and no fields; wanted one of them');
  for (const [name, variable] of Object.entries(variables)) checkVariable(name, variable);
  const patterns = new Map(Object.entries(fields).map(([name, value]) => [name, parsePattern(value, variables)]));
  const readVersion =
    version === undefined
      ? undefined
      : scheme === 'opaque'
        ? parsePattern(version, variables)
        : parseSchemeVersion(version);
  const texts = [...patterns.values(), ...(isPattern(readVersion) ? [readVersion] : [])];
  const used = new Set(
    texts.flatMap(({ segments }) => segments.map((one) => (typeof one === 'string' ? '' : one.variable))),
  );
  const unused = Object.keys(variables).find((name) => !used.has(name));
  if (unused !== undefined)
    throw new CompatError('VC-DOCUMENT', `Cannot use variable "${unused}": no text refers to it`);
  const concrete = texts.every(isConcrete)
    ? { version: plain(readVersion) ?? version, fields: plainFields(fields, patterns) }
    : undefined;
  return { version: readVersion, fields: patterns, variables, digest, tier, withdrawn, concrete };
}

function isPattern(version: ReadEntry['version']): version is Pattern {
  return version !== undefined && 'segments' in version;
}

function plain(version: ReadEntry['version']): string | undefined {
  return isPattern(version) ? version.segments.join('') : undefined;
}

/** With `$${` as the `${` that it stands for. */
function plainFields(fields: Fields, patterns: ReadonlyMap<string, Pattern>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? (patterns.get(name)?.segments.join('') ?? value) : value,
    ]),
  );
}

/** The answer of an entry about a device: `no` with reasons; `other` when it is about another device. */
export type Answer =
  | { readonly answer: 'yes'; readonly bindings: Bindings }
  | { readonly answer: 'no'; readonly reasons: readonly Blocker[] }
  | { readonly answer: 'other' };

export function ask(entry: ReadEntry, asked: Concrete, effort: Effort): Answer {
  const tasks: (Task & { readonly name: string })[] = [];
  const problems: Blocker[] = [];
  const { version } = entry;
  if (isPattern(version)) {
    const task = { name: 'version', pattern: version, value: asked.version ?? '' };
    if (asked.version === undefined || matchAll([task], effort) === undefined) return { answer: 'other' };
    tasks.push(task);
  } else if (version !== undefined) {
    const problem =
      asked.version === undefined
        ? 'it wants a version, and the device names none'
        : schemeProblem(version, parseSchemeVersion(asked.version));
    if (problem !== undefined) problems.push({ code: 'VC-VERSION-SCHEME', text: problem, missing: [] });
  }
  for (const [name, pattern] of entry.fields) {
    const value = Object.hasOwn(asked.fields, name) ? asked.fields[name] : undefined;
    if (value === undefined) problems.push(refusal(`${name} is not stated; wanted ${pattern.text}`));
    else tasks.push({ name, pattern, value });
  }
  for (const name of Object.keys(asked.fields)) {
    // What the entry does not speak of may matter to the guest all the same.
    if (!entry.fields.has(name)) problems.push(refusal(`${name} is not among what it can take in`));
  }
  const bindings = matchAll(tasks, effort);
  if (bindings !== undefined && problems.length === 0) return { answer: 'yes', bindings };
  return { answer: 'no', reasons: bindings === undefined ? [...problems, ...mismatches(tasks, effort)] : problems };
}

/** Field by field: each that does not fit those before it, with what it would have to be. */
function mismatches(tasks: readonly (Task & { readonly name: string })[], effort: Effort): Blocker[] {
  const fitting: Task[] = [];
  let bindings: Bindings = new Map();
  const reasons: Blocker[] = [];
  for (const task of tasks) {
    const more = matchAll([...fitting, task], effort);
    if (more !== undefined) {
      fitting.push(task);
      bindings = more;
      continue;
    }
    const { name, pattern, value } = task;
    const known = new Set<string>();
    const where = pattern.segments.flatMap((segment) => {
      if (typeof segment === 'string' || known.has(segment.variable)) return [];
      known.add(segment.variable);
      const bound = bindings.get(segment.variable);
      return bound === undefined
        ? `${segment.variable} being ${domainText(segment.spec)}`
        : `${segment.variable} being ${bound} already`;
    });
    const domain = where.length === 0 ? '' : `, ${where.join(', ')}`;
    reasons.push(refusal(`${name} is ${fieldText(value)}; wanted ${pattern.text}${domain}`));
  }
  return reasons;
}

function refusal(text: string): Blocker {
  return { code: 'VC-DOCUMENT-FIELD', text, missing: [] };
}
