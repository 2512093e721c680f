/** Documents, read once: which devices each of them names, and which of its entries may fit others. */
import { sha256 } from '../../base/digest.ts';
import type { Effort } from '../compare/effort.ts';
import { CompatError } from '../errors/compat-error.ts';
import type { CompatibleEntry, DeviceSelf, Fields, FieldValue, Scheme } from './device-document.ts';
import { type Concrete, type ReadEntry, readCompatibleEntry } from './device-entry.ts';
import { fieldText, setMembers } from './variables.ts';
import { parseSchemeVersion, schemeName } from './version-scheme.ts';

/** The statements of one host about one device type. */
export interface Collection {
  readonly host: string;
  readonly deviceType: string;
  readonly scheme: Scheme;
  readonly self: readonly DeviceSelf[];
  readonly compatible: readonly CompatibleEntry[];
}

/** A device that can be asked for, under the name that answers use. */
export interface NamedDevice extends Concrete {
  readonly name: string;
  readonly digest: string;
}

export interface ReadCollection {
  readonly entries: readonly ReadEntry[];
  /** The entries, by place, that may fit what it does not name itself: those that are not the name of one device. */
  readonly open: ReadonlyMap<number, ReadEntry>;
  /** Under a scheme, what it takes in because of what it is; the places come after those of the entries. */
  readonly selves: ReadonlyMap<number, ReadEntry>;
  /** The devices that it names: it can take these in. The place is that of the entry, -1 for a device that is there. */
  readonly own: ReadonlyMap<string, { readonly candidate: NamedDevice; readonly place: number }>;
}

/** Steps that reading an entry is worth. */
const READING = 50;

export class DocumentReader {
  readonly #scheme: Scheme;
  readonly #sets: ReadonlySet<string>;
  /** By content: hosts of a fleet name the same devices. */
  readonly #digests = new Map<string, string>();
  readonly #known = new Map<Collection['compatible'], { self: Collection['self']; read: ReadCollection }>();

  constructor(collections: readonly Collection[], scheme: Scheme) {
    this.#scheme = scheme;
    this.#sets = setFields(collections);
  }

  /** Equal objects are read once: whoever reads a fleet's documents keeps one of each. */
  collection(collection: Collection, effort: Effort): ReadCollection {
    const { self, compatible } = collection;
    const known = this.#known.get(compatible);
    if (known !== undefined && known.self.length === self.length && self.every((one, at) => one === known.self[at]))
      return known.read;
    effort.spend(READING * (self.length + compatible.length));
    const read = this.#read(collection);
    this.#known.set(compatible, { self, read });
    return read;
  }

  #read({ host, deviceType, self, compatible }: Collection): ReadCollection {
    const entries = compatible.map((entry, index) => {
      try {
        return readCompatibleEntry(entry, this.#scheme);
      } catch (error) {
        if (!(error instanceof CompatError)) throw error;
        throw new CompatError(error.code, `${error.message} (host ${host}, compatible[${index}])`, error.details);
      }
    });
    const own = new Map<string, { candidate: NamedDevice; place: number }>();
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
        return [
          from + index,
          readCompatibleEntry({ ...(version && { version }), fields: literal(fields) }, this.#scheme),
        ];
      }),
    );
  }

  candidate(deviceType: string, { version, fields: stated }: Concrete, digest: string | undefined): NamedDevice {
    const fields = this.#ordered(stated);
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

  /** A set is the same set however it is written, when anybody says that it is one. */
  #ordered(fields: Fields): Fields {
    if (this.#sets.size === 0) return fields;
    const ordered = (name: string, value: FieldValue) =>
      typeof value === 'string' && this.#sets.has(name) ? setMembers(value) : value;
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, ordered(name, value)]));
  }

  #digest(deviceType: string, version: string | undefined, fields: Fields): string {
    const texts = Object.entries(fields)
      .map(([name, value]): [string, FieldValue] => [name, fieldText(value)])
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const content = JSON.stringify({
      ...{ format: 1, device_type: deviceType },
      ...{ version: version ?? null, fields: Object.fromEntries(texts) },
    });
    const digest = this.#digests.get(content) ?? sha256(content);
    this.#digests.set(content, digest);
    return digest;
  }
}

/** The fields that some document calls sets, by an array or by a variable. */
function setFields(collections: readonly Collection[]): ReadonlySet<string> {
  const found = new Set<string>();
  // a fleet's documents share their parts
  const seen = new Set<unknown>();
  const look = ({ fields, variables }: CompatibleEntry): void => {
    if (fields === undefined || seen.has(fields)) return;
    seen.add(fields);
    for (const name of Object.keys(fields)) if (isSet(fields[name], variables)) found.add(name);
  };
  for (const { self, compatible } of collections) {
    for (const one of self) look(one);
    if (seen.has(compatible)) continue;
    seen.add(compatible);
    for (const one of compatible) look(one);
  }
  return found;
}

function isSet(value: FieldValue | undefined, variables: CompatibleEntry['variables'] = {}): boolean {
  if (typeof value !== 'string') return typeof value === 'object';
  const [, name = ''] = /^\$\{(\w+)\}$/.exec(value) ?? [];
  return Object.hasOwn(variables, name) && variables[name]?.type === 'set';
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
