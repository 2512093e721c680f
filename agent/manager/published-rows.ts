import { shortened } from '../../base/text.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import type { VersionRow } from '../../rpc/state/read-rows.ts';
import type { Authors } from './authors.ts';
import type { ClientChange } from './client-changes.ts';

/** The most characters of values in an event. */
const MAX_SHOWN = 300;

/** What a client did, and the version that this host publishes, if it is one. */
interface RowChange extends ClientChange {
  readonly about: string;
}

/** A row of Compat_Version, and its columns in OVSDB notation. */
export interface SeenRow {
  readonly row: VersionRow;
  readonly columns: Columns;
}

/**
 * The rows of Compat_Version as this host has published them. A row that was as it should be, and then is another one, was
 * changed by a client; one that is there and was not published was made by a client.
 */
export class PublishedRows {
  readonly #authors: Pick<Authors, 'ofColumn' | 'ofRow'>;
  /** By the key of the entry: the rows that were seen as they were published. */
  #settled = new Map<string, SeenRow>();
  /** Whether all rows were seen so once, so that others are somebody else's. */
  #knowsAll = false;

  constructor(authors: Pick<Authors, 'ofColumn' | 'ofRow'>) {
    this.#authors = authors;
  }

  /** The database may be another one. */
  forget(): void {
    this.#settled.clear();
    this.#knowsAll = false;
  }

  /**
   * What clients have changed since. `rows`: those that are there now, of several with one name the one that counts first.
   * `wanted`: what is to be published, by the keys of the entries.
   */
  changes(host: string, rows: readonly SeenRow[], wanted: ReadonlyMap<string, Columns>): RowChange[] {
    const found = new Map<string, SeenRow>();
    const told: RowChange[] = [];
    for (const seen of rows) {
      const key = entryKey(seen.row);
      const before = this.#settled.get(key);
      if (!found.has(key)) found.set(key, seen);
      else if (this.#knowsAll) told.push(this.#made(seen));
      if (found.get(key) !== seen) continue;
      if (before) {
        const columns = differing(seen.columns, before.columns);
        if (before.row.uuid !== seen.row.uuid) told.push(this.#made(seen));
        else if (columns.length > 0) told.push(this.#changed(seen, before.columns, columns));
      } else if (!wanted.has(key) && this.#knowsAll) told.push(this.#made(seen));
      else told.push(...this.#otherThanRemembered(seen, wanted.get(key)));
    }
    for (const [key, before] of this.#settled)
      if (!found.has(key) && wanted.has(key)) told.push(this.#removed(host, before));
    return told;
  }

  /** Takes the rows that are as they are wanted; `complete`: all of them are, and there are no others. */
  settle(rows: readonly SeenRow[], wanted: ReadonlyMap<string, Columns>): void {
    const right = rows.filter(({ row, columns }) => {
      const want = wanted.get(entryKey(row));
      return want !== undefined && differing(columns, want).length === 0;
    });
    this.#settled = new Map(right.map((seen) => [entryKey(seen.row), seen]));
    if (right.length === rows.length && this.#settled.size === wanted.size) this.#knowsAll = true;
  }

  /** At the first look after a start: what a version means stands in the agent's memory; all else may have changed. */
  #otherThanRemembered(seen: SeenRow, want: Columns | undefined): RowChange[] {
    if (this.#knowsAll || want === undefined) return [];
    const columns = differing(seen.columns, want).filter((name) => PROMISED.includes(name));
    return columns.length === 0 ? [] : [this.#changed(seen, want, columns)];
  }

  #changed({ row, columns: seen }: SeenRow, want: Columns, names: readonly string[]): RowChange {
    const values = (of: Columns) => cut(names.map((name) => `${name} ${JSON.stringify(of[name])}`).join(', '));
    const { version, deviceType, uuid } = row;
    return {
      ...{ kind: 'row-changed', code: 'VC-ROW-CHANGED', by: this.#authors.ofColumn(TABLE, names[0] ?? '', uuid) },
      about: entryKey(row),
      text: `The database held ${version} with ${values(seen)}; wanted what this host published, ${values(want)}`,
      details: {
        ...{ table: TABLE, row: uuid, columns: names, version, device_type: deviceType },
        ...{ seen: values(seen), wanted: values(want) },
      },
    };
  }

  #made({ row }: SeenRow): RowChange {
    const { version, deviceType, uuid } = row;
    return {
      ...{ kind: 'row-changed', code: 'VC-ROW-CHANGED', by: this.#authors.ofRow(TABLE, uuid) },
      about: '',
      text: `The database held a row of the version ${cut(JSON.stringify(version))} that this host did not publish; it is removed`,
      details: { table: TABLE, row: uuid, columns: 'versions', version: cut(version), device_type: cut(deviceType) },
    };
  }

  #removed(host: string, { row }: SeenRow): RowChange {
    const { version, deviceType, uuid } = row;
    return {
      ...{ kind: 'row-changed', code: 'VC-ROW-CHANGED', by: this.#authors.ofColumn('Host', 'versions', host) },
      about: entryKey(row),
      text: `The database no longer held the row of ${version} that this host published; it is made again`,
      details: { table: TABLE, row: uuid, columns: 'versions', version, device_type: deviceType },
    };
  }
}

const TABLE = 'Compat_Version';

/** The columns that say what a version is. */
const PROMISED: readonly string[] = [
  ...['virtio_features', 'protocol_features', 'required_protocol_features', 'limits', 'digest'],
];

/** The columns of `b` that have another value in `a`. */
export function differing(a: Columns, b: Columns): string[] {
  return Object.keys(b).filter((name) => canonical(a[name]) !== canonical(b[name]));
}

/** A value in OVSDB notation; sets and maps have no order. */
function canonical(value: Json | undefined): string {
  const [tag, elements] = Array.isArray(value) ? value : [];
  if ((tag !== 'set' && tag !== 'map') || !Array.isArray(elements)) return JSON.stringify(value);
  return JSON.stringify([tag, ...elements.map((one) => JSON.stringify(one)).sort()]);
}

function cut(text: string): string {
  return shortened(text, MAX_SHOWN);
}
