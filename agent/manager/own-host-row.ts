import type { Json } from '../../rpc/json/json-value.ts';
import type { HostRow } from '../../rpc/state/read-rows.ts';
import { update } from '../../rpc/state/row-operations.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import type { State } from '../../rpc/state/state.ts';
import type { Authors } from './authors.ts';
import type { ClientChanges } from './client-changes.ts';

interface OwnHostRowParts {
  readonly state: State;
  readonly systemId: string;
  readonly authors: Pick<Authors, 'ofColumn' | 'ofRow'>;
  readonly changes: Pick<ClientChanges, 'tell'>;
}

/** The row of this host: the one that it was when the agent first saw it, whatever a client calls it since. */
export class OwnHostRow {
  readonly #parts: OwnHostRowParts;
  #uuid: string | undefined;

  constructor(parts: OwnHostRowParts) {
    this.#parts = parts;
  }

  /** The database may be another one. */
  forget(): void {
    this.#uuid = undefined;
  }

  /** Undefined: there is none of this name, or another row has it. */
  find(): HostRow | undefined {
    const { state, systemId } = this.#parts;
    const named = state.hosts().find((row) => row.systemId === systemId);
    if (this.#uuid === undefined || state.row('Host', this.#uuid) === undefined) {
      if (named && this.#uuid !== undefined) this.#tell('was removed and made by somebody else', named.uuid);
      this.#uuid = named?.uuid;
      return named;
    }
    return named?.uuid === this.#uuid ? named : undefined;
  }

  /** Gives the row its name back. False: there is no such row. */
  async restore(): Promise<boolean> {
    const { state, systemId } = this.#parts;
    const uuid = this.#uuid;
    if (uuid === undefined || this.find()) return false;
    if (state.row('Host', uuid) === undefined) {
      this.#tell('was removed; it is made again, without interfaces', uuid);
      this.#uuid = undefined;
      return false;
    }
    this.#tell('was given another system id', uuid, 'system_id');
    const impostor: Json = [
      ['system_id', '==', systemId],
      ['_uuid', '!=', ['uuid', uuid]],
    ];
    await state.client.transact(DATABASE, [
      { op: 'delete', table: 'Host', where: impostor },
      update('Host', uuid, { system_id: systemId }),
    ]);
    return true;
  }

  #tell(what: string, uuid: string, column?: string): void {
    const { authors, changes, systemId } = this.#parts;
    changes.tell({
      ...{ kind: 'row-changed', code: 'VC-ROW-CHANGED', text: `The row of host ${systemId} ${what}` },
      details: { table: 'Host', row: uuid, columns: column },
      by: column === undefined ? authors.ofRow('Host', uuid) : authors.ofColumn('Host', column, uuid),
    });
  }
}
