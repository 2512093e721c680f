import type { DeviceDocument } from '../../compat-tables/devices/device-document.ts';
import type { KnownBy } from '../../compat-tables/entries/entry.ts';
import { type Column, columnValue, type DocumentOf, type TableModel } from '../state/model/column.ts';
import type { COMPAT_VERSION } from '../state/model/compat-version.ts';
import type { HOST } from '../state/model/host.ts';
import type { INTERFACE } from '../state/model/interface.ts';

/**
 * A host as one JSON document: what `describe` prints, what the management API answers, and what a selection reads when
 * no host is alive. The model of the database (rpc/state/model) says which columns stand in it and under which names;
 * masks are "0x…" texts; what is not known is absent.
 */
export interface HostDocument extends DocumentOf<typeof HOST> {
  readonly format: 1;
  readonly kind: 'vhost-compat host';
  /** The name for people: the host name, or the system id when there is none. */
  readonly host: string;
  /** When the document was made, ISO 8601. */
  readonly time: string;
  /** The last sign of life of its agent, ISO 8601, when that was long before; absent: it was alive, or nothing is known. */
  readonly stale_since?: string;
  readonly backend: BackendDocument;
  /** In the order of preference. */
  readonly versions: readonly VersionDocument[];
  readonly interfaces: readonly InterfaceDocument[];
  /** For managers that know nothing of back-ends: what the host is and can take in, for each device type. */
  readonly devices?: readonly DeviceDocument[];
}

export interface BackendDocument extends DocumentOf<typeof HOST, 'backend'> {
  readonly name?: string;
  readonly release?: string;
  readonly known_by?: KnownBy;
}

export interface VersionDocument extends DocumentOf<typeof COMPAT_VERSION> {}

export interface InterfaceDocument extends DocumentOf<typeof INTERFACE> {}

/** A host, or one device of which nothing else is known: what a comparison takes. */
export type AnyDocument = HostDocument | DeviceDocument;

/** What is not known of a device alone; one for all of them, because a fleet's documents are read at the speed of memory. */
const UNKNOWN = { backend: { limits: {} }, versions: [], interfaces: [] } as const;

/** A device alone is a host of which only that device is known. */
export function asHost(document: AnyDocument): HostDocument {
  if (document.kind === 'vhost-compat host') return document;
  const { host } = document;
  return {
    ...{ format: 1, kind: 'vhost-compat host', host, system_id: host, hostname: host },
    ...{ agent_version: '', time: '', ...UNKNOWN, devices: [document] },
  };
}

/** The columns of a table that stand in a document, or in an object within it, by their names there. */
export function documentColumns(table: TableModel, within?: Column['within']): [name: string, column: Column][] {
  return Object.values(table).flatMap((column): [string, Column][] =>
    column.document !== undefined && column.within === within ? [[column.document, column]] : [],
  );
}

/** The members of a document that a row gives; what is not known is left out. */
export function documentMembers<T extends TableModel, W extends Column['within'] = undefined>(
  table: T,
  row: object,
  within?: W,
): DocumentOf<T, W> {
  const members = documentColumns(table, within).flatMap(([name, column]) => {
    const { codec } = column;
    const value = codec.toDocument(columnValue(column, row) ?? codec.read(undefined));
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(members) as DocumentOf<T, W>;
}
