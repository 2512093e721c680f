import { formatMask } from '../../compat-tables/bits/mask.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import type { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { VersionRow } from '../../rpc/state/read-rows.ts';
import type { EventLog } from './event-log.ts';

type Recorded = Parameters<EventLog['record']>[0];

/** What is wrong with versions is found at each reconciliation; here it is recorded as an event once. */
export class VersionAlarms {
  readonly #record: (event: Recorded) => void;
  readonly #told = new Set<string>();

  constructor(record: (event: Recorded) => void) {
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

  #once(key: string, event: Recorded): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#record(event);
  }
}
