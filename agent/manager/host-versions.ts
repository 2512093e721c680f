import type { Entry } from '../../compat-tables/entries/entry.ts';
import { definedEntries } from '../../compat-tables/entries/entry-file.ts';
import type { HostRow, InterfaceRow, VersionRow } from '../../rpc/state/read-rows.ts';
import { entriesInForce, versionsInUse } from './entries-in-force.ts';
import { detailTexts, type EventLog } from './event-log.ts';
import { VersionAlarms } from './version-alarms.ts';

/** The versions that interfaces of this host can get, and which of them is the default. */
export class HostVersions {
  readonly #loaded: readonly Entry[];
  readonly #record: EventLog['record'];
  readonly #alarms: VersionAlarms;
  #entries: readonly Entry[] = [];
  #default: string | undefined;
  #defaultKnown = false;
  #known = '';

  /** `loaded`: the entries of the tables. */
  constructor(loaded: readonly Entry[], record: EventLog['record']) {
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
    this.#record({ kind: 'default-changed', text, details: detailTexts({ version, before }) });
  }
}
