import type { Log } from '../../base/log.ts';
import { firstNames } from '../../base/text.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import { resembling } from '../../compat-tables/releases/resembles.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { namedUuid } from '../../rpc/ovsdb/notation/values.ts';
import { encodeHost, encodeVersion } from '../../rpc/state/encode-rows.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { entryOf, type HostRow, type VersionRow } from '../../rpc/state/read-rows.ts';
import { whereUuid } from '../../rpc/state/row-operations.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import type { ClientChanges } from './client-changes.ts';
import {
  type BackendView,
  type Beforehand,
  type HostView,
  hostBlockers,
  hostView,
  withoutBigints,
} from './host-view.ts';
import type { InterfaceMemory } from './interface-memory.ts';
import type { OwnedRows } from './owned-rows.ts';
import { isAboutContent } from './pending-writes.ts';
import { differing, type PublishedRows, type SeenRow } from './published-rows.ts';

interface PublisherParts {
  readonly client: Pick<OvsdbClient, 'transact'>;
  readonly log: Pick<Log, 'warn' | 'error'>;
  /** What was known before any back-end was measured. */
  readonly beforehand: Beforehand | undefined;
  readonly memory: Pick<InterfaceMemory, 'keepHost'>;
  readonly owned: Pick<OwnedRows, 'writing'>;
  readonly rows: PublishedRows;
  readonly changes: Pick<ClientChanges, 'tell'>;
  /** Is told of each row that the database can never take. */
  readonly refused?: (error: Error) => void;
}

/** Publishes what this host can honour: its versions with their blockers, and what its back-end can do. */
export class Publisher {
  readonly #parts: PublisherParts;
  #beforehand: Beforehand | undefined;
  /** The columns about the back-end that the database has. */
  #published = '';
  /** All that the versions depend on, as it was when nothing had to be written. */
  #settled: readonly unknown[] = [];

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#beforehand = parts.beforehand;
  }

  /** Writes everything with the next `publish`: the database may be another one. */
  writeAgain(): void {
    this.#published = '';
    this.#settled = [];
    this.#parts.rows.forget();
  }

  /** False: the database did not take it. */
  async publish(
    host: HostRow,
    rows: readonly VersionRow[],
    entries: readonly Entry[],
    backends: readonly BackendView[],
  ): Promise<boolean> {
    const views = this.#views(entries, backends);
    const view = views.get(DEFAULT_DEVICE_TYPE);
    const basis = [host.uuid, ...rows, ...entries, withoutBigints([...views])];
    const operations = isSame(basis, this.#settled) ? [] : this.#versions(host, rows, wantedRows(entries, views));
    if (operations.length === 0) this.#settled = basis;
    const text = JSON.stringify(backendColumns(view));
    let written: (() => void) | undefined;
    if (text !== this.#published) {
      const isMeasured = view?.knownBy === 'measured';
      const row = backendColumns(view, isMeasured ? Date.now() : undefined);
      operations.push({ op: 'update', table: 'Host', where: whereUuid(host.uuid), row });
      written = this.#parts.owned.writing(host.uuid, row);
      if (isMeasured) this.#beforehand = { abilities: view.abilities, knownBy: 'measured', name: 'last measured' };
      if (isMeasured) this.#parts.memory.keepHost(view.abilities);
    }
    if (operations.length === 0) return true;
    const isPublished = await this.#write(host, operations, text, basis);
    written?.();
    return isPublished;
  }

  async #write(host: HostRow, operations: Json[], text: string, basis: readonly unknown[]): Promise<boolean> {
    try {
      await this.#parts.client.transact(DATABASE, [versionsUnchanged(host), ...operations]);
      this.#published = text;
      return true;
    } catch (error) {
      this.#parts.log.warn('publishing-failed', { error: (error as Error).message });
      if (!isAboutContent(error as Error)) return false;
      await this.#publishSingly(host, operations);
      // the same again would be refused again
      this.#settled = basis;
      this.#published = text;
      return true;
    }
  }

  /** The operations that make the rows what is wanted. Tells what clients have made of them. */
  #versions(host: HostRow, published: readonly VersionRow[], wanted: ReadonlyMap<string, Columns>): Json[] {
    const { rows, changes } = this.#parts;
    const seen = published.map((row): SeenRow => ({ row, columns: columnsOf(row) }));
    for (const { about, ...change } of rows.changes(host.uuid, seen, wanted)) changes.tell(change, about);
    rows.settle(seen, wanted);
    return versionOperations(host, published, wanted);
  }

  /** One row that the database can never take must not keep the others from being published. */
  async #publishSingly({ uuid }: HostRow, operations: readonly Json[]): Promise<void> {
    const referring = (...mutations: Json[]): Json => ({
      ...{ op: 'mutate', table: 'Host', where: whereUuid(uuid), mutations },
    });
    for (const operation of operations as unknown as readonly PublishOperation[]) {
      const [name, removals = []] = [
        operation['uuid-name'],
        operation.mutations?.filter(([, how]) => how === 'delete'),
      ];
      if (operation.op === 'mutate' && removals.length === 0) continue;
      const alone: Json[] = operation.op === 'mutate' ? [referring(...removals)] : [operation as unknown as Json];
      if (name !== undefined) alone.push(referring(['versions', 'insert', namedUuid(name)]));
      try {
        await this.#parts.client.transact(DATABASE, alone);
      } catch (error) {
        this.#parts.log.error('row-refused', { error: (error as Error).message });
        this.#parts.refused?.(error as Error);
      }
    }
  }

  /** What is known of the back-ends of each device type. The columns of Host are about the default type only. */
  #views(entries: readonly Entry[], backends: readonly BackendView[]): Map<string, HostView | undefined> {
    const types = new Set([DEFAULT_DEVICE_TYPE, ...entries.map((entry) => entry.deviceType)]);
    return new Map(
      [...types].map((type) => {
        const own = backends.filter((one) => one.deviceType === type);
        const known = type === DEFAULT_DEVICE_TYPE ? this.#beforehand : undefined;
        const ofType = entries.filter((entry) => entry.deviceType === type);
        return [type, hostView(own, known, ofType)];
      }),
    );
  }
}

/** What `versionOperations` makes. */
interface PublishOperation {
  readonly op: string;
  readonly 'uuid-name'?: string;
  readonly mutations?: readonly [column: string, mutator: string, value: Json][];
}

/** Fails when the versions of the host are others than those that the operations were made from. */
function versionsUnchanged(host: HostRow): Json {
  const versions: Json = ['set', host.versions.map((uuid): Json => ['uuid', uuid])];
  return {
    ...{ op: 'wait', table: 'Host', where: whereUuid(host.uuid), columns: ['versions'] },
    ...{ until: '==', rows: [{ versions }], timeout: 0 },
  };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/** The columns of the rows that are to be published, by the keys of their entries, the most preferred first. */
export function wantedRows(
  entries: readonly Entry[],
  views: ReadonlyMap<string, HostView | undefined>,
): Map<string, Columns> {
  const columns = (entry: Entry, preference: number) =>
    encodeVersion(entry, hostBlockers(entry, views.get(entry.deviceType)), preference);
  return new Map(entries.map((entry, preference) => [entryKey(entry), columns(entry, preference)]));
}

/** The operations that turn the published versions of a host into what they should be; none when they already are. */
export function versionOperations(
  host: HostRow,
  published: readonly VersionRow[],
  wanted: ReadonlyMap<string, Columns>,
): Json[] {
  // Of two rows with one name the first counts; a second one can only be a mistake, and is deleted.
  const before = new Map(published.toReversed().map((row) => [entryKey(row), row]));
  const operations: Json[] = [];
  const added: Json[] = [];
  for (const [key, columns] of wanted) {
    const row = before.get(key);
    if (!row) {
      const name = `version${added.length}`;
      operations.push({ op: 'insert', table: 'Compat_Version', 'uuid-name': name, row: columns });
      added.push(['named-uuid', name]);
    } else if (differing(columnsOf(row), columns).length > 0) {
      operations.push({ op: 'update', table: 'Compat_Version', where: whereUuid(row.uuid), row: columns });
    }
  }
  const isKept = (row: VersionRow) => wanted.has(entryKey(row)) && before.get(entryKey(row)) === row;
  const gone: Json[] = published.filter((row) => !isKept(row)).map((row) => ['uuid', row.uuid]);
  const mutations: Json[] = [];
  if (gone.length > 0) mutations.push(['versions', 'delete', ['set', gone]]);
  if (added.length > 0) mutations.push(['versions', 'insert', ['set', added]]);
  if (mutations.length > 0) operations.push({ op: 'mutate', table: 'Host', where: whereUuid(host.uuid), mutations });
  return operations;
}

/** The Host columns that say what the back-end can do and how that is known. `measuredAt`: milliseconds since 1970. */
export function backendColumns(view: HostView | undefined, measuredAt?: number): Columns {
  if (!view) return encodeHost({ backend: {}, knownBy: undefined, abilities: undefined });
  const { knownBy, abilities, notCounted } = view;
  const date = measuredAt === undefined ? {} : { measured_at: new Date(measuredAt).toISOString() };
  // such as `like Open vSwitch 2.15 to 3.7.1 (+tso)`
  const releases = resembling(abilities);
  const name = releases.length === 0 ? 'unknown release' : `like ${releases.join('; ')}`;
  const odd = notCounted.length === 0 ? {} : { not_counted: firstNames(notCounted, 8) };
  return encodeHost({ backend: { name, ...odd, ...date }, knownBy, abilities });
}

/** The columns of a row in OVSDB notation. */
function columnsOf(row: VersionRow): Columns {
  return { ...encodeVersion(entryOf(row), row.blockers, row.preference), usable: row.usable };
}
