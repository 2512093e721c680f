import type { Entry } from '../../compat-tables/entries/entry.ts';
import { entryKey } from '../../compat-tables/entries/load.ts';
import type { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { encodeInterfaceStatus, type InterfaceStatus } from '../../rpc/state/encode-rows.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import type { InterfaceFacts } from '../orders/facts.ts';
import type { InterfaceOrder } from '../orders/orders.ts';
import { type Intent, nextStartName } from '../relay/mode/choose-version.ts';
import { boundedRow, rowMistake } from './bounded-row.ts';
import type { ClientChange } from './client-changes.ts';
import type { NewEvent } from './event-log.ts';
import { type BackendView, withoutBigints } from './host-view.ts';
import type { KnownInterface } from './interface-memory.ts';
import { interfaceStatus } from './interface-status.ts';

/** What an interface needs from the agent. */
export interface Surroundings {
  /** The entries in force on this host, the most preferred first. */
  entries(): readonly Entry[];
  hostDefault(): string | undefined;
  /** Writes status columns of a row. */
  write(uuid: string, columns: ReturnType<typeof encodeInterfaceStatus>): void;
  event(name: string, event: Omit<NewEvent, 'interface'>): void;
  /** A client changed what it wants of the interface. */
  changed(name: string, change: Omit<ClientChange, 'by' | 'interface'>, by: string): void;
  /** Who wrote a column of this row last. */
  author(uuid: string, column: string): string;
  /** Remembers what the row alone would say. */
  remember(uuid: string, known: KnownInterface): void;
  /** A back-end was measured, connected or left. */
  backendsChanged(): void;
}

/** One Interface row: what is ordered for it, and what the relay process reports of it. */
export class ManagedInterface {
  readonly #around: Surroundings;
  #row: InterfaceRow;
  #facts: InterfaceFacts | undefined;
  /** What the agent knows from before, and not from the row. */
  #before: KnownInterface;
  #written = '';
  #columns: ReturnType<typeof encodeInterfaceStatus> | undefined;
  #backend = '';
  /** Why it is not ordered. */
  readonly mistake: CompatError | undefined;

  constructor(row: InterfaceRow, around: Surroundings, before: KnownInterface = {}) {
    this.#row = boundedRow(row);
    this.#before = before;
    this.#around = around;
    this.#backend = withoutBigints(this.view);
    this.mistake = rowMistake(row);
    if (this.mistake) this.#refuse(this.mistake);
  }

  #refuse({ code, message, details }: CompatError): void {
    this.unknown({ state: 'error', error: code, errorDetail: message });
    this.#around.event(details.interface ?? '', { kind: 'refused', code, text: message });
  }

  get row(): InterfaceRow {
    return this.#row;
  }

  get order(): InterfaceOrder {
    const { uuid: id, name, deviceType, frontend, backend, version } = this.#row;
    const { sticky } = this.#before;
    return {
      id,
      name,
      deviceType,
      frontend,
      backend,
      ...(version !== undefined && { version }),
      ...(sticky && { sticky }),
    };
  }

  /** What is known of the back-end, undefined when it was never measured. */
  get view(): BackendView | undefined {
    const { name, deviceType } = this.#row;
    const measured = this.#facts?.abilities;
    const abilities = measured ?? this.#before.abilities;
    return abilities && { interface: name, deviceType, abilities, connected: measured !== undefined };
  }

  /** What was reported last; undefined: nothing yet. */
  get facts(): InterfaceFacts | undefined {
    return this.#facts;
  }

  /** The key of the entry that its front-end has, as far as was reported. */
  get inForce(): string | undefined {
    const version = this.#facts?.sticky?.version;
    return version && entryKey({ version, deviceType: this.#row.deviceType });
  }

  /** The relay process reports its interface. */
  reported(facts: InterfaceFacts): void {
    const [isFirst, inForce] = [this.#facts === undefined, this.inForce];
    this.#facts = facts;
    this.#before = { abilities: facts.abilities ?? this.#before.abilities, sticky: facts.sticky };
    this.#around.remember(this.#row.uuid, this.#before);
    this.reconsider();
    const backend = withoutBigints(this.view);
    // a version that nobody has any more may leave the host
    if (!isFirst && backend === this.#backend && inForce === this.inForce) return;
    this.#backend = backend;
    this.#around.backendsChanged();
  }

  /**
   * Takes a row of which only the status has changed. The row also has a pin or an endpoint that changed shortly before; that
   * change stays for `update` to notice.
   */
  refresh(row: InterfaceRow): void {
    const { version, frontend, backend } = this.#row;
    this.#row = { ...boundedRow(row), version, frontend, backend };
  }

  /** Takes a changed row. When its endpoints change, the caller replaces the whole interface instead. */
  update(row: InterfaceRow): void {
    const { version: before } = this.#row;
    this.#row = boundedRow(row);
    const { name, version } = this.#row;
    if (version === before) return;
    const inForce = this.#facts?.sticky?.version;
    const now = inForce === undefined ? '' : `; its front-end process has ${inForce}`;
    const [kind, text] =
      version === undefined
        ? (['unpinned', `No version is pinned any more, ${before} was${now}`] as const)
        : (['pinned', `Version ${version} is pinned${now}`] as const);
    const by = this.#around.author(row.uuid, 'version');
    this.#around.changed(name, { kind, text, details: { version, before, in_force: inForce } }, by);
    this.reconsider();
  }

  /** Writes its status when it has changed. Statistics alone are no change: they are written along with one. */
  reconsider(): void {
    const facts = this.#facts;
    if (!facts) return;
    const next = nextStartName(this.#intent(), this.#around.entries(), this.#before.abilities);
    this.#write(interfaceStatus(facts, next), new Map(Object.entries(facts.statistics)));
  }

  /** Writes its status once more: the database may have lost it. */
  writeAgain(): void {
    if (this.#columns) this.#around.write(this.#row.uuid, this.#columns);
  }

  /** Nothing is known of its port: the row says so until it is reported again. */
  unknown(status: Pick<InterfaceStatus, 'state' | 'error' | 'errorDetail'>): void {
    this.#facts = undefined;
    this.#write({ ...status, since: Date.now() });
  }

  #intent(): Intent {
    const { name, deviceType, version } = this.#row;
    return { interface: name, deviceType, pin: version, hostDefault: this.#around.hostDefault() };
  }

  #write(status: InterfaceStatus, statistics?: ReadonlyMap<string, number>): void {
    const columns = encodeInterfaceStatus(status);
    const text = JSON.stringify(columns);
    if (text === this.#written) return;
    this.#written = text;
    this.#columns = statistics ? { ...columns, ...encodeInterfaceStatus({ statistics }) } : columns;
    this.#around.write(this.#row.uuid, this.#columns);
  }
}
