import { formatMask } from '../../compat-tables/bits/mask.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { definedEntries } from '../../compat-tables/entries/entry-file.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import type { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { HostRow, InterfaceRow, VersionRow } from '../../rpc/state/read-rows.ts';
import { entriesInForce, versionsInUse } from './entries-in-force.ts';
import type { NewEvent } from './event-log.ts';

/** The versions that interfaces of this host can get, and which of them is the default. */
export class LocalVersions {
  readonly #loaded: readonly Entry[];
  readonly #record: (event: NewEvent) => void;
  readonly #alarms: VersionAlarms;
  #entries: readonly Entry[] = [];
  #default: string | undefined;
  #defaultKnown = false;
  #known = '';

  /** `loaded`: the entries of the tables. */
  constructor(loaded: readonly Entry[], record: (event: NewEvent) => void) {
    this.#loaded = loaded;
    this.#record = record;
    this.#alarms = new VersionAlarms(record);
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
    this.#alarms.definitions(defined.problems);
    const inUse = versionsInUse(interfaces, host.defaultVersion);
    const inForce = entriesInForce([...this.#loaded, ...defined.entries], published, inUse);
    this.#entries = inForce.entries;
    this.#alarms.broken(inForce.broken);
    this.#alarms.changed(inForce.changed);
    this.#updateDefault(host.defaultVersion);
  }

  /** Whether the entries in force are others than at the last call. */
  haveChanged(): boolean {
    const known = this.#entries.map(({ version, digest }) => `${version} ${digest}`).join('\n');
    const changed = known !== this.#known;
    this.#known = known;
    return changed;
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

/** What is wrong with versions is found at each reconciliation; here it is recorded as an event once. */
class VersionAlarms {
  readonly #record: (event: NewEvent) => void;
  readonly #told = new Set<string>();

  constructor(record: (event: NewEvent) => void) {
    this.#record = record;
  }

  /** Entries of the tables that have another content than what this host published. */
  changed(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { version, deviceType } = entry;
      this.#once(entryKey(entry), {
        kind: 'table-changed',
        code: 'VC-TABLE-CHANGED',
        text: `The table has another ${version} than the one this host published; the published one stays in force`,
        details: { version, device_type: deviceType },
      });
    }
  }

  /** Rows that somebody else changed: once for each content. */
  broken(rows: readonly VersionRow[]): void {
    for (const row of rows) {
      const { version, deviceType, digest } = row;
      const features = formatMask(row.virtioFeatures);
      this.#once(`${entryKey(row)} ${digest} ${features} ${JSON.stringify(row.limits)}`, {
        kind: 'table-changed',
        code: 'VC-ROW-CHANGED',
        text: `The database held ${version} with features ${features}, which is not what its digest "${digest.slice(0, 12)}" stands for; wanted what this host published`,
        details: { version, device_type: deviceType },
      });
    }
  }

  /** Versions that clients defined and that cannot be used. */
  definitions(problems: readonly CompatError[]): void {
    for (const { code, message } of problems) this.#once(message, { kind: 'table-problem', code, text: message });
  }

  #once(key: string, event: NewEvent): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#record(event);
  }
}
