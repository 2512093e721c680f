import type { Log } from '../../base/log.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import type { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import type { HostRow, VersionRow } from '../../rpc/state/read-rows.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { type BackendView, type Beforehand, type HostView, hostView } from './host-view.ts';
import { whereUuid } from './pending-writes.ts';
import { backendColumns, versionOperations } from './published-rows.ts';

/** Publishes what this host can honour: its versions with their blockers, and what its back-end can do. */
export class Publisher {
  readonly #client: OvsdbClient;
  readonly #log: Log;
  #beforehand: Beforehand | undefined;
  /** The columns about the back-end that the database has. */
  #published = '';
  /** All that the versions depend on, as it was when nothing had to be written. */
  #settled: readonly unknown[] = [];

  constructor(client: OvsdbClient, log: Log, beforehand: Beforehand | undefined) {
    this.#client = client;
    this.#log = log;
    this.#beforehand = beforehand;
  }

  /** Writes everything with the next `publish`: the database may be another one. */
  writeAgain(): void {
    this.#published = '';
    this.#settled = [];
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
    const operations = isSame(basis, this.#settled) ? [] : versionOperations(host, rows, entries, views);
    if (operations.length === 0) this.#settled = basis;
    const text = JSON.stringify(backendColumns(view));
    if (text !== this.#published) {
      const isMeasured = view?.knownBy === 'measured';
      const row = backendColumns(view, isMeasured ? Date.now() : undefined);
      operations.push({ op: 'update', table: 'Host', where: whereUuid(host.uuid), row });
      if (isMeasured) this.#beforehand = { abilities: view.abilities, knownBy: 'measured', name: 'last measured' };
    }
    if (operations.length === 0) return true;
    try {
      await this.#client.transact(DATABASE, [versionsUnchanged(host), ...operations]);
      this.#published = text;
      return true;
    } catch (error) {
      this.#log.warn('publishing-failed', { error: (error as Error).message });
      return false;
    }
  }

  /** What is known of the back-ends of each device type. The columns of Host are about the default type only. */
  #views(entries: readonly Entry[], backends: readonly BackendView[]): Map<string, HostView | undefined> {
    const types = new Set([DEFAULT_DEVICE_TYPE, ...entries.map((entry) => entry.deviceType)]);
    return new Map(
      [...types].map((type) => {
        const own = backends.filter((one) => one.deviceType === type);
        return [type, hostView(own, type === DEFAULT_DEVICE_TYPE ? this.#beforehand : undefined)];
      }),
    );
  }
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

/** JSON with bigints as texts. */
export function withoutBigints(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? one.toString(16) : one));
}
