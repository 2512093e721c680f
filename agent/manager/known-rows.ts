import type { HostRow, InterfaceRow } from '../../rpc/state/read-rows.ts';
import type { Authors } from './authors.ts';
import type { ClientChanges } from './client-changes.ts';
import type { Beforehand } from './host-view.ts';
import type { InterfaceMemory, KnownInterface } from './interface-memory.ts';
import type { OwnedRows } from './owned-rows.ts';
import { readSticky } from './peer-column.ts';
import { trustedStatus } from './trusted-status.ts';

interface KnownRowsParts {
  readonly memory: InterfaceMemory;
  readonly owned: Pick<OwnedRows, 'own' | 'disown'>;
  readonly authors: Pick<Authors, 'ofRow'>;
  readonly changes: Pick<ClientChanges, 'tell'>;
}

/**
 * What is believed of rows that come and go: what the agent remembers. What they say themselves counts once, when an agent
 * that has no memory yet finds them there.
 */
export class KnownRows {
  readonly #parts: KnownRowsParts;

  constructor(parts: KnownRowsParts) {
    this.#parts = parts;
  }

  /** Tells of a new interface; the result is what is known of it from before. */
  entered(row: InterfaceRow, isNew: boolean): KnownInterface {
    const { uuid, name, frontend, backend } = row;
    const { memory, owned } = this.#parts;
    if (isNew) this.#tell(row, 'added', { frontend, backend });
    else if (memory.isNew && !memory.of(uuid)) memory.keep(uuid, { abilities: row.abilities, sticky: readSticky(row) });
    const known = memory.of(uuid);
    // what an agent wrote right before it was killed is not remembered, and nobody else's doing
    owned.own('Interface', uuid, name, trustedStatus(row, known), isNew || known !== undefined);
    return known ?? {};
  }

  left(row: InterfaceRow): void {
    const { memory, owned } = this.#parts;
    owned.disown(row.uuid);
    memory.forget(row.uuid);
    this.#tell(row, 'removed', {});
  }

  /** What an earlier agent measured: valid until a back-end is measured again. */
  measuredBefore(host: HostRow | undefined): Beforehand | undefined {
    const { host: remembered, isNew } = this.#parts.memory;
    if (remembered) return { abilities: remembered, knownBy: 'measured', name: 'last measured' };
    if (!isNew || !host?.abilities || host.knownBy !== 'measured') return undefined;
    return { abilities: host.abilities, knownBy: 'measured', name: host.backend.get('name') ?? 'last measured' };
  }

  #tell({ uuid, name }: InterfaceRow, kind: 'added' | 'removed', details: Readonly<Record<string, unknown>>): void {
    const { authors, changes } = this.#parts;
    const by = authors.ofRow('Interface', uuid, name);
    changes.tell({ kind, interface: name, text: `Interface ${name} was ${kind}`, details, by }, '');
  }
}
