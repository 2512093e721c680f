import { shortened } from '../../base/text.ts';
import { formatMask } from '../../compat-tables/bits/mask.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { definedEntries } from '../../compat-tables/entries/entry-file.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import { entryOf, type HostRow, type InterfaceRow, isIntact, type VersionRow } from '../../rpc/state/read-rows.ts';
import { LONGEST_NAME } from '../orders/checks.ts';
import type { NewEvent } from './event-log.ts';

/** The versions that interfaces of this host can get, and which of them is the default. */
export class LocalVersions {
  readonly #loaded: readonly Entry[];
  readonly #record: (event: NewEvent) => void;
  /** What was recorded as an event once, and is found again at each reconciliation. */
  readonly #told = new Set<string>();
  #entries: readonly Entry[] = [];
  #default: string | undefined;
  #defaultKnown = false;

  /** `loaded`: the entries of the tables. */
  constructor(loaded: readonly Entry[], record: (event: NewEvent) => void) {
    this.#loaded = loaded;
    this.#record = record;
  }

  /** The entries in force, the most preferred first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get default(): string | undefined {
    return this.#default;
  }

  /** Takes what the rows of the host say. */
  update(host: HostRow, published: readonly VersionRow[], interfaces: readonly InterfaceRow[]): void {
    const defined = definedEntries(host.definedVersions, this.#loaded);
    for (const { code, message } of defined.problems)
      this.#tellOnce(message, { kind: 'table-problem', code, text: message });
    const inUse = versionsInUse(interfaces, host.defaultVersion);
    const inForce = entriesInForce([...this.#loaded, ...defined.entries], published, inUse);
    this.#entries = inForce.entries;
    for (const row of inForce.broken) this.#tellBroken(row);
    for (const entry of inForce.changed) this.#tellChanged(entry);
    // cut off it is a version that nobody knows, which it was before
    this.#updateDefault(host.defaultVersion && shortened(host.defaultVersion, LONGEST_NAME));
  }

  #tellChanged({ version, deviceType }: Entry): void {
    this.#tellOnce(entryKey({ version, deviceType }), {
      ...{ kind: 'table-changed', code: 'VC-TABLE-CHANGED', details: { version, device_type: deviceType } },
      text: `The table has another ${version} than the one this host published; the published one stays in force`,
    });
  }

  /** A row that somebody else changed: once for each content. */
  #tellBroken({ version, deviceType, digest, virtioFeatures, limits }: VersionRow): void {
    const features = formatMask(virtioFeatures);
    const seen = `The database held ${version} with features ${features}`;
    this.#tellOnce(`${entryKey({ version, deviceType })} ${digest} ${features} ${JSON.stringify(limits)}`, {
      ...{ kind: 'table-changed', code: 'VC-ROW-CHANGED', details: { version, device_type: deviceType } },
      text: `${seen}, which is not what its digest "${digest.slice(0, 12)}" stands for; wanted what this host published`,
    });
  }

  #tellOnce(key: string, event: NewEvent): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#record(event);
  }

  #updateDefault(version: string | undefined): void {
    const [before, isFirst] = [this.#default, !this.#defaultKnown];
    this.#default = version;
    this.#defaultKnown = true;
    if (isFirst || before === version) return;
    const name = (one: string | undefined) => one ?? 'the first usable version';
    const text = `The default of the host is ${name(version)}; before it was ${name(before)}`;
    this.#record({ kind: 'default-changed', text, details: { version, before } });
  }
}

/** What a host goes by. Entries are immutable: what was published under a name stays what that name means on this host. */
interface InForce {
  /** The entries this host goes by, the most preferred first. */
  readonly entries: readonly Entry[];
  /** Entries of the tables with another content than was published. */
  readonly changed: readonly Entry[];
  /** Published rows whose content does not match their digest; they do not count. */
  readonly broken: readonly VersionRow[];
}

/** Whether a version has to stay known. */
type InUse = (row: Pick<VersionRow, 'deviceType' | 'version'>) => boolean;

/**
 * The entries of the tables, with two exceptions: one that was published before with another digest stays as published,
 * and one that left the tables stays while it is in use.
 */
export function entriesInForce(loaded: readonly Entry[], published: readonly VersionRow[], inUse: InUse): InForce {
  // Every client of the database may write these rows; a guest gets only what matches its digest.
  const broken = published.filter((row) => !isIntact(row));
  const intact = published.filter((row) => !broken.includes(row));
  const before = new Map(intact.map((row) => [entryKey(row), row]));
  const changed: Entry[] = [];
  const entries = loaded.map((entry) => {
    const row = before.get(entryKey(entry));
    if (!row || row.digest === entry.digest) return entry;
    changed.push(entry);
    return entryOf(row);
  });
  const known = new Set(loaded.map(entryKey));
  const stillUsed = intact.filter((row) => !known.has(entryKey(row)) && inUse(row)).map(entryOf);
  return { entries: [...entries, ...stillUsed], changed, broken };
}

/**
 * The versions that have to stay known: those that an interface names, and the host's default, without which every
 * interface that has no pin would be refused. From the rows, because at the start there are no ports yet.
 */
export function versionsInUse(interfaces: readonly InterfaceRow[], hostDefault: string | undefined): InUse {
  const named = new Set(
    interfaces.flatMap(({ deviceType, version: pin, inForce }) =>
      [pin, inForce].flatMap((version) => (version === undefined ? [] : entryKey({ deviceType, version }))),
    ),
  );
  return (row) => row.version === hostDefault || named.has(entryKey(row));
}
