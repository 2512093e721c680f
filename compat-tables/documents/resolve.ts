/**
 * Documents → the versions of each host, as a selection wants them. A device that some document names without variables
 * can be asked for; each host is asked about each of them. Nothing is ever unrolled.
 */
import { ballotOf } from '../ballot.ts';
import { CompatError } from '../errors.ts';
import type { SelectableHost, SelectableVersion } from '../matrix.ts';
import type { Blocker } from '../types.ts';
import { ask, type Concrete, type ReadEntry, readEntry } from './entry.ts';
import { compareScheme, parseSchemeVersion, schemeName } from './scheme.ts';
import type { CompatibleEntry, DeviceSelf, FieldValue, Fields, Scheme } from './types.ts';
import { fieldText } from './variables.ts';

/** What one host says of one device type. */
export interface Collection {
  readonly host: string;
  readonly deviceType: string;
  readonly scheme: Scheme;
  readonly self: readonly DeviceSelf[];
  readonly compatible: readonly CompatibleEntry[];
}

/** A device that can be asked for, under the name that answers use. */
interface Candidate extends Concrete {
  readonly name: string;
  readonly digest: string;
}

interface ReadCollection {
  readonly entries: readonly ReadEntry[];
  /** The entries, by place, that may fit what it does not name itself: those that are not the name of one device. */
  readonly open: ReadonlyMap<number, ReadEntry>;
  /** Under a scheme, what it takes in because of what it is; the places come after those of the entries. */
  readonly selves: ReadonlyMap<number, ReadEntry>;
  /** What it names itself: it can take these in. The place is that of the entry, -1 for a device that is there. */
  readonly own: ReadonlyMap<string, { readonly candidate: Candidate; readonly place: number }>;
}

/**
 * Throws VC-DOCUMENT when a document says something that cannot be. All collections are of one device type. `unnamed`: a
 * version that is asked for under a scheme although no document may spell it.
 */
export function resolveCollections(
  collections: readonly Collection[],
  sha256: (text: string) => string,
  unnamed?: string,
): SelectableHost[] {
  const scheme = commonScheme(collections);
  const reading = new Reading(scheme, sha256);
  const read = collections.map((collection) => reading.collection(collection));
  const distinct = new Set(read);
  const asked = new Map<string, Candidate[]>();
  for (const { own } of distinct) {
    for (const [name, { candidate }] of own) {
      const same = asked.get(name);
      if (same === undefined) asked.set(name, [candidate]);
      else if (same.every(({ digest }) => digest !== candidate.digest)) same.push(candidate);
    }
  }
  const [first] = collections;
  if (unnamed !== undefined && first !== undefined && !asked.has(unnamed))
    asked.set(unnamed, [reading.candidate(first.deviceType, { version: unnamed, fields: {} }, undefined)]);
  const answers = new Map([...distinct].map((one) => [one, answersOf(one, asked, scheme)]));
  return collections.map(({ host, deviceType }, index) => {
    const one = read[index];
    const answer = one && answers.get(one);
    return answer
      ? { host, deviceType, versions: answer.versions, ballot: answer.ballot }
      : { host, deviceType, versions: [] };
  });
}

/** Hosts that say the same of themselves answer the same. */
function answersOf(collection: ReadCollection, asked: ReadonlyMap<string, readonly Candidate[]>, scheme: Scheme) {
  const versions = inOrder(collection, asked, scheme);
  return { versions, ballot: ballotOf(versions) };
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

class Reading {
  readonly #scheme: Scheme;
  readonly #sha256: (text: string) => string;
  /** By content: hosts of a fleet name the same devices. */
  readonly #digests = new Map<string, string>();
  readonly #known = new Map<Collection['compatible'], { self: Collection['self']; read: ReadCollection }>();

  constructor(scheme: Scheme, sha256: (text: string) => string) {
    this.#scheme = scheme;
    this.#sha256 = sha256;
  }

  /** Equal objects are read once: whoever reads a fleet's documents keeps one of each. */
  collection(collection: Collection): ReadCollection {
    const { self, compatible } = collection;
    const known = this.#known.get(compatible);
    if (known !== undefined && known.self.length === self.length && self.every((one, at) => one === known.self[at]))
      return known.read;
    const read = this.#read(collection);
    this.#known.set(compatible, { self, read });
    return read;
  }

  #read({ host, deviceType, self, compatible }: Collection): ReadCollection {
    const entries = compatible.map((entry, index) => {
      try {
        return readEntry(entry, this.#scheme);
      } catch (error) {
        if (!(error instanceof CompatError)) throw error;
        throw new CompatError(error.code, `${error.message} (host ${host}, compatible[${index}])`, error.details);
      }
    });
    const own = new Map<string, { candidate: Candidate; place: number }>();
    const add = (concrete: Concrete, digest: string | undefined, place: number): void => {
      const candidate = this.candidate(deviceType, concrete, digest);
      if (!own.has(candidate.name)) own.set(candidate.name, { candidate, place });
    };
    for (const [place, { concrete, digest }] of entries.entries()) if (concrete) add(concrete, digest, place);
    for (const { version, fields = {} } of self) {
      if (version !== undefined || Object.keys(fields).length > 0) add({ version, fields }, undefined, -1);
    }
    const isOpen = ({ concrete, version }: ReadEntry) =>
      concrete === undefined || version === undefined || this.#scheme !== 'opaque';
    const open = new Map([...entries.entries()].filter(([, entry]) => isOpen(entry)));
    return { entries, own, open, selves: this.#selves(self, entries.length) };
  }

  /** A number says what else the device takes in, listed or not; a string only what it is. */
  #selves(self: readonly DeviceSelf[], from: number): ReadonlyMap<number, ReadEntry> {
    if (this.#scheme === 'opaque') return new Map();
    const numbered = self.filter(({ version }) => version !== undefined);
    return new Map(
      numbered.map(({ version, fields = {} }, index) => {
        return [from + index, readEntry({ ...(version && { version }), fields: literal(fields) }, this.#scheme)];
      }),
    );
  }

  candidate(deviceType: string, { version, fields }: Concrete, digest: string | undefined): Candidate {
    const number = this.#scheme === 'opaque' || version === undefined ? undefined : parseSchemeVersion(version);
    const plain = number === undefined ? version : schemeName(number);
    const words = Object.entries(fields)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${fieldText(value)}`);
    // A number is no name of a device that has fields too; a string is, whatever stands beside it.
    const name =
      plain !== undefined && (number === undefined || words.length === 0)
        ? plain
        : [plain ?? [], words.join(',')].flat().join(' ');
    return { name, version: plain, fields, digest: digest ?? this.#digest(deviceType, plain, fields) };
  }

  #digest(deviceType: string, version: string | undefined, fields: Fields): string {
    const texts = Object.entries(fields)
      .map(([name, value]): [string, FieldValue] => [name, fieldText(value)])
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const content = JSON.stringify({
      ...{ format: 1, device_type: deviceType },
      ...{ version: version ?? null, fields: Object.fromEntries(texts) },
    });
    const digest = this.#digests.get(content) ?? this.#sha256(content);
    this.#digests.set(content, digest);
    return digest;
  }
}

/** The fields of a device as those of an entry, in which `${` would begin a variable. */
function literal(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replaceAll('${', () => '$${') : value,
    ]),
  );
}

/** What the host says of all candidates, in its order, which no other host has a part in. */
function inOrder(
  collection: ReadCollection,
  asked: ReadonlyMap<string, readonly Candidate[]>,
  scheme: Scheme,
): SelectableVersion[] {
  const found = [...asked].flatMap(([name, candidates]) => {
    const status = statusOf(collection, name, candidates);
    return status === undefined ? [] : [{ ...status, name, number: numberOf(candidates[0], scheme) }];
  });
  const foreign = (name: string) => Number(!collection.own.has(name));
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

function numberOf(candidate: Candidate | undefined, scheme: Scheme) {
  return scheme === 'opaque' || candidate?.version === undefined ? undefined : parseSchemeVersion(candidate.version);
}

interface Placed {
  readonly status: SelectableVersion;
  readonly place: number;
}

function statusOf(
  { entries, open, selves, own }: ReadCollection,
  name: string,
  candidates: readonly Candidate[],
): Placed | undefined {
  const there = own.get(name);
  let best: { reasons: readonly Blocker[]; place: number; digest: string; distance: number } | undefined;
  const usable = (digest: string, place: number): Placed => {
    const tier = entries[place]?.tier ?? 'both-ways';
    return { status: { version: name, digest, usable: true, blockers: [], tier }, place };
  };
  if (there !== undefined && there.place >= 0) return usable(there.candidate.digest, there.place);
  // A device that is there can be what it is, whatever else its host can take in.
  const asking = there === undefined && selves.size > 0 ? new Map([...open, ...selves]) : open;
  for (const candidate of there === undefined ? candidates : [there.candidate]) {
    for (const [place, entry] of asking) {
      const answer = ask(entry, candidate);
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

/** Of two reasons why not, the one about the major that was asked for says more. */
function isOtherMajor({ version }: ReadEntry, asked: Candidate): boolean {
  if (version === undefined || 'segments' in version || asked.version === undefined) return false;
  return version.major !== parseSchemeVersion(asked.version).major;
}
