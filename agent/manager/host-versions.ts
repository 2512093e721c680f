import { setTimeout as setTimeoutOf } from 'node:timers/promises';
import { shippedTables } from '../../base/installation.ts';
import { shortened } from '../../base/text.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { DEFINED, definedEntries } from '../../compat-tables/entries/entry-file.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { entryOf, type HostRow, type InterfaceRow, isIntact, type VersionRow } from '../../rpc/state/read-rows.ts';
import { LONGEST_NAME } from '../orders/checks.ts';
import type { Authors } from './authors.ts';
import type { ClientChanges } from './client-changes.ts';
import type { NewEvent } from './event-log.ts';
import type { PublishedMemory } from './published-memory.ts';
import { inTheirPlaces, refusedIn } from './refused-entries.ts';

/** How long a reconciliation waits for the disk, milliseconds. */
const DISK_PATIENCE_MS = 1000;

/** What `LocalVersions` needs from the agent. */
interface Surroundings {
  /** The entries of the tables. */
  readonly loaded: readonly Entry[];
  /** What could not be read of them. */
  readonly problems?: readonly CompatError[];
  readonly memory: PublishedMemory;
  /** The versions that the front-ends of this host have, by the keys of their entries; undefined while that is not known of all. */
  readonly inForce: () => ReadonlySet<string> | undefined;
  readonly record: (event: NewEvent) => void;
  readonly changes: Pick<ClientChanges, 'tell'>;
  readonly authors: Pick<Authors, 'ofColumn'>;
}

/** The versions that interfaces of this host can get, and which of them is the default. */
export class LocalVersions {
  readonly #loaded: readonly Entry[];
  readonly #around: Surroundings;
  /** What was recorded as an event once, and is found again at each reconciliation. */
  readonly #told = new Set<string>();
  #remembered: readonly Entry[];
  /** Whether the rows still count, of a host whose agent remembered nothing else. */
  #believesRows: boolean;
  #entries: readonly Entry[] = [];
  #default: string | undefined;
  #defaultKnown = false;
  #changed: ReadonlyMap<string, string> = new Map();
  #problems: ReadonlySet<string> = new Set();
  #defined: ReadonlyMap<string, string> | undefined;

  constructor(around: Surroundings) {
    const { loaded, memory } = around;
    this.#loaded = loaded;
    this.#around = around;
    this.#remembered = memory.entries;
    this.#believesRows = memory.isNew;
    if (memory.problem) this.#tellProblem(memory.problem);
  }

  /** The entries in force, the most preferred first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get default(): string | undefined {
    return this.#default;
  }

  /** Takes what the rows of the host say. Settles when what is published from now on is remembered, as far as that is possible. */
  async update(
    host: HostRow,
    published: readonly VersionRow[],
    interfaces: readonly Pick<InterfaceRow, 'deviceType' | 'version'>[],
  ): Promise<void> {
    const defined = definedEntries(host.definedVersions, this.#loaded);
    this.#tellProblems(host.uuid, defined.problems);
    // rows that are not those of the database say nothing of what is used, and there is nothing new to remember
    const isUnread = host.problems.has('VC-DB-UNREADABLE');
    if (this.#believesRows && !isUnread) {
      this.#remembered = adopted(published, this.#loaded);
      this.#believesRows = false;
    }
    const running = isUnread ? undefined : this.#around.inForce();
    const inUse = versionsInUse(interfaces, host.defaultVersion, running);
    const refused = refusedIn(this.#around.problems ?? []);
    const inForce = entriesInForce([...this.#loaded, ...defined.entries], this.#remembered, inUse, refused);
    this.#entries = inForce.entries;
    this.#remembered = inForce.entries;
    this.#tellChanged(host.uuid, inForce.changed);
    this.#updateDefault(host);
    this.#updateDefined(host);
    if (!isUnread) await this.#remember();
  }

  /** A disk that is full or slow changes nothing for guests; it is tried again at each reconciliation. */
  async #remember(): Promise<void> {
    const written = this.#around.memory.keep(this.#remembered).catch((error: unknown) => {
      if (!(error instanceof CompatError)) throw error;
      this.#tellProblem(error);
    });
    await Promise.race([written, setTimeoutOf(DISK_PATIENCE_MS, undefined, { ref: false })]);
  }

  /** Definitions that cannot be used: once, as long as they stay. */
  #tellProblems(host: string, problems: readonly CompatError[]): void {
    const by = this.#around.authors.ofColumn('Host', 'defined_versions', host);
    for (const { code, message: text } of problems)
      if (!this.#problems.has(text)) this.#around.changes.tell({ kind: 'table-problem', code, text, details: {}, by });
    this.#problems = new Set(problems.map(({ message }) => message));
  }

  #tellProblem({ code, message }: CompatError): void {
    this.#tellOnce(message, { kind: 'fault', code, text: message });
  }

  /** Entries with another content than was published: once, as long as they stay. */
  #tellChanged(host: string, changed: readonly Entry[]): void {
    const before = this.#changed;
    this.#changed = new Map(changed.map((entry) => [entryKey(entry), entry.digest]));
    for (const entry of changed) {
      if (before.get(entryKey(entry)) === entry.digest) continue;
      const { version, deviceType, origin } = entry;
      const where = origin === DEFINED ? 'A client defined' : 'The table has';
      const event = {
        ...{ kind: 'table-changed', code: 'VC-TABLE-CHANGED', details: { version, device_type: deviceType } },
        text: `${where} another ${version} than the one this host published; the published one stays in force`,
      };
      const { authors, changes, record } = this.#around;
      if (origin !== DEFINED) record(event);
      else changes.tell({ ...event, by: authors.ofColumn('Host', 'defined_versions', host) });
    }
  }

  #tellOnce(key: string, event: NewEvent): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#around.record(event);
  }

  #updateDefault({ defaultVersion, uuid }: HostRow): void {
    // cut off it is a version that nobody knows, which it was before
    const version = defaultVersion && shortened(defaultVersion, LONGEST_NAME);
    const [before, isFirst] = [this.#default, !this.#defaultKnown];
    this.#default = version;
    this.#defaultKnown = true;
    if (isFirst || before === version) return;
    const name = (one: string | undefined) => one ?? 'the first usable version';
    const text = `The default of the host is ${name(version)}; before it was ${name(before)}`;
    const by = this.#around.authors.ofColumn('Host', 'default_version', uuid);
    this.#around.changes.tell({ kind: 'default-changed', text, details: { version, before }, by });
  }

  #updateDefined({ definedVersions: now, uuid }: HostRow): void {
    const before = this.#defined;
    this.#defined = now;
    if (before === undefined || before === now) return;
    const by = this.#around.authors.ofColumn('Host', 'defined_versions', uuid);
    const tell = (kind: string, version: string, what: string): void =>
      this.#around.changes.tell({ kind, text: `The definition of ${version} ${what}`, details: { version }, by });
    for (const [version, text] of now)
      if (before.get(version) !== text)
        tell('version-defined', version, before.has(version) ? 'was written anew' : 'was given to the host');
    for (const version of before.keys()) if (!now.has(version)) tell('version-undefined', version, 'was taken back');
  }
}

/** What a host goes by. Entries are immutable: what was published under a name stays what that name means on this host. */
interface InForce {
  /** The entries this host goes by, the most preferred first. */
  readonly entries: readonly Entry[];
  /** Entries of the tables and definitions with another content than was published. */
  readonly changed: readonly Entry[];
}

/** Whether a version has to stay known. */
type InUse = (entry: Pick<Entry, 'deviceType' | 'version'>) => boolean;

/**
 * The entries of tables and definitions, with three exceptions: one that was published before with another digest, and one
 * whose table can no longer be read (`isRefused`), stay as and where they were published; one that left them stays while it
 * is in use.
 */
export function entriesInForce(
  loaded: readonly Entry[],
  remembered: readonly Entry[],
  inUse: InUse,
  isRefused: (entry: Entry) => boolean = () => false,
): InForce {
  const before = new Map(remembered.map((entry) => [entryKey(entry), entry]));
  const changed = loaded.filter((entry) => (before.get(entryKey(entry))?.digest ?? entry.digest) !== entry.digest);
  const known = new Set(loaded.map(entryKey));
  const unread = remembered.filter((entry) => !known.has(entryKey(entry)) && isRefused(entry));
  const refused = new Set([...changed, ...unread].map(entryKey));
  const others = loaded.filter((entry) => !refused.has(entryKey(entry)));
  const entries = inTheirPlaces(others, refused, remembered);
  const kept = new Set(entries.map(entryKey));
  const stillUsed = remembered.filter((entry) => !kept.has(entryKey(entry)) && inUse(entry));
  return { entries: [...entries, ...stillUsed], changed };
}

/**
 * What an earlier release published, which kept no memory of its own: whole rows, for names that the shipped tables do not
 * have, as those never change.
 */
export function adopted(published: readonly VersionRow[], loaded: readonly Entry[]): Entry[] {
  const shipped = new Set(loaded.filter(({ origin }) => origin.startsWith(`${shippedTables()}/`)).map(entryKey));
  return published.filter((row) => isIntact(row) && !shipped.has(entryKey(row))).map(entryOf);
}

/**
 * The versions that have to stay known: those that an interface is pinned to or runs in, and the host's default, without
 * which every interface that has no pin would be refused. While it is not known what runs (`inForce` is undefined), all of
 * them.
 */
export function versionsInUse(
  interfaces: readonly Pick<InterfaceRow, 'deviceType' | 'version'>[],
  hostDefault: string | undefined,
  inForce: ReadonlySet<string> | undefined,
): InUse {
  if (!inForce) return () => true;
  const pinned = interfaces.flatMap(({ deviceType, version }) =>
    version === undefined ? [] : entryKey({ deviceType, version }),
  );
  const named = new Set([...pinned, ...inForce]);
  return (entry) => entry.version === hostDefault || named.has(entryKey(entry));
}
