/**
 * Documents → the versions of each host, as a selection wants them. A device that some document names without variables
 * can be asked for; each host is asked about each of them. Nothing is ever unrolled.
 */

import { Effort } from '../compare/effort.ts';
import type { SelectableHost, SelectableVersion } from '../compare/selection-input.ts';
import { compactVersions } from '../compare/selection-input.ts';
import type { Blocker } from '../entries/entry.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { Scheme } from './device-document.ts';
import { ask, type ReadEntry } from './device-entry.ts';
import { type Collection, DocumentReader, type NamedDevice, type ReadCollection } from './read-documents.ts';
import { compareScheme, parseSchemeVersion } from './version-scheme.ts';

/**
 * Throws VC-DOCUMENT when a document says something that cannot be. All collections are of one device type. `unnamed`: a
 * version that is asked for under a scheme although no document may spell it.
 */
export function resolveCollections(
  collections: readonly Collection[],
  unnamed?: string,
  effort = new Effort(),
): SelectableHost[] {
  const scheme = commonScheme(collections);
  const reading = new DocumentReader(collections, scheme);
  const read = collections.map((collection) => reading.collection(collection, effort));
  const distinct = new Set(read);
  const asked = new Map<string, NamedDevice[]>();
  for (const { own } of distinct) {
    effort.spend(own.size);
    for (const [name, { candidate }] of own) {
      const same = asked.get(name);
      if (same === undefined) asked.set(name, [candidate]);
      else {
        effort.spend(same.length);
        if (same.every(({ digest }) => digest !== candidate.digest)) same.push(candidate);
      }
    }
  }
  const [first] = collections;
  if (unnamed !== undefined && first !== undefined && !asked.has(unnamed))
    asked.set(unnamed, [reading.candidate(first.deviceType, { version: unnamed, fields: {} }, undefined)]);
  const answers = new Map([...distinct].map((one) => [one, answersOf(one, asked, scheme, effort)]));
  return collections.map(({ host, deviceType }, index) => {
    const one = read[index];
    const answer = one && answers.get(one);
    return answer
      ? { host, deviceType, versions: answer.versions, compact: answer.compact }
      : { host, deviceType, versions: [] };
  });
}

/** Hosts that say the same of themselves answer the same. */
function answersOf(
  collection: ReadCollection,
  asked: ReadonlyMap<string, readonly NamedDevice[]>,
  scheme: Scheme,
  effort: Effort,
) {
  const versions = inOrder(collection, asked, scheme, effort);
  return { versions, compact: compactVersions(versions) };
}

function commonScheme(collections: readonly Collection[]): Scheme {
  const speaks = ({ self, compatible }: Collection) => self.length + compatible.length > 0;
  const first = collections.find(speaks);
  const other = collections.find((one) => one.scheme !== first?.scheme && speaks(one));
  if (first === undefined || other === undefined) return first?.scheme ?? 'opaque';
  throw new CompatError(
    'VC-DOCUMENT',
    `Cannot compare versions of ${first.deviceType}: ${first.host} has the scheme ${first.scheme}, ${other.host} ${other.scheme}`,
  );
}

/** The answers of the host about all candidates, in its own order. */
function inOrder(
  collection: ReadCollection,
  asked: ReadonlyMap<string, readonly NamedDevice[]>,
  scheme: Scheme,
  effort: Effort,
): SelectableVersion[] {
  const { own, open, selves } = collection;
  const takesInOthers = open.size + selves.size > 0;
  if (takesInOthers) effort.spend(ASKING * asked.size);
  // Without open entries it knows what it names, and nothing else of all that is asked for.
  const names = takesInOthers ? asked.keys() : own.keys();
  const found = [...names].flatMap((name) => {
    const candidates = asked.get(name) ?? [];
    const status = statusOf(collection, name, candidates, effort);
    return status === undefined ? [] : [{ ...status, name, number: numberOf(candidates[0], scheme) }];
  });
  const foreign = (name: string) => Number(!own.has(name));
  // Within one entry: in a scheme the newer first; then what is there already.
  return found
    .sort(
      (a, b) =>
        a.place - b.place ||
        (a.number && b.number ? compareScheme(a.number, b.number) : 0) ||
        foreign(a.name) - foreign(b.name) ||
        (a.name < b.name ? -1 : 1),
    )
    .map(({ status }) => status);
}

function numberOf(candidate: NamedDevice | undefined, scheme: Scheme) {
  return scheme === 'opaque' || candidate?.version === undefined ? undefined : parseSchemeVersion(candidate.version);
}

/** Steps that one question to one entry is worth, beside those of matching its texts. */
const ASKING = 5;

interface Placed {
  readonly status: SelectableVersion;
  readonly place: number;
}

function statusOf(
  { entries, open, selves, own }: ReadCollection,
  name: string,
  candidates: readonly NamedDevice[],
  effort: Effort,
): Placed | undefined {
  const there = own.get(name);
  let best: { reasons: readonly Blocker[]; place: number; digest: string; distance: number } | undefined;
  const usable = (digest: string, place: number): Placed => {
    const { tier = 'both-ways', withdrawn } = entries[place] ?? {};
    return { status: { version: name, digest, usable: true, blockers: [], tier, withdrawn }, place };
  };
  if (there !== undefined && there.place >= 0) return usable(there.candidate.digest, there.place);
  // A device that is there can be what it is, whatever else its host can take in.
  const asking = there === undefined && selves.size > 0 ? new Map([...open, ...selves]) : open;
  for (const candidate of there === undefined ? candidates : [there.candidate]) {
    effort.spend(ASKING * asking.size);
    for (const [place, entry] of asking) {
      const answer = ask(entry, candidate, effort);
      if (answer.answer === 'yes') return usable(candidate.digest, place);
      if (answer.answer === 'other') continue;
      const { reasons } = answer;
      const distance = 2 * reasons.length + Number(isOtherMajor(entry, candidate));
      if (best === undefined || distance < best.distance) best = { reasons, place, digest: candidate.digest, distance };
    }
  }
  if (there !== undefined) return usable(there.candidate.digest, -1);
  if (best === undefined) return undefined;
  const { digest, reasons, place } = best;
  return {
    status: { version: name, digest, usable: false, blockers: reasons, tier: entries[place]?.tier ?? 'both-ways' },
    place,
  };
}

/** Another major is the weaker reason: an entry of the major that was asked for tells more. */
function isOtherMajor({ version }: ReadEntry, asked: NamedDevice): boolean {
  if (version === undefined || 'segments' in version || asked.version === undefined) return false;
  return version.major !== parseSchemeVersion(asked.version).major;
}
