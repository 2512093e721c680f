import { join } from 'node:path';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { array, integer, integerFrom, openObject } from '../../rpc/json/shape.ts';
import { abilities, id } from '../orders/checks.ts';
import { encodeOrder } from '../orders/message-stream.ts';
import { type StickyMode, stickyMode } from '../orders/orders.ts';
import { withoutBigints } from './host-view.ts';
import { MemoryFile } from './memory-file.ts';

/** Raised when a release writes what the previous one cannot read. */
const FORMAT = 1;
/** More than a hundred thousand interfaces. */
const MAX_BYTES = 64 << 20;
/** What changes within this time, milliseconds, is written once; a file that takes long to write is written more rarely. */
const GATHER_MS = 2000;
const REST = 20;

/** What is known of an interface from before, by the agent and not by its row. */
export interface KnownInterface {
  /** What its back-end answered last. */
  readonly abilities?: Abilities | undefined;
  /** The mode of its guest, as the relay process reported it. */
  readonly sticky?: StickyMode | undefined;
}

const remembered = openObject({ id }, { backend: integerFrom(0, 1_000_000), sticky: stickyMode });
const content = openObject(
  { format: integer, backends: array(abilities), interfaces: array(remembered, 1_000_000) },
  { host: abilities },
);

/**
 * What was measured and which modes front-ends got, in `interfaces.json`: rows say the same, and any client of the database may
 * write them.
 */
export class InterfaceMemory {
  readonly #file: MemoryFile<ReturnType<typeof content>>;
  readonly #byId = new Map<string, KnownInterface>();
  /** What the back-ends of the host have in common, as it was published last. */
  #host: Abilities | undefined;
  readonly #failed: (problem: CompatError) => void;
  /** The file never existed: rows are the only memory of an earlier release. */
  readonly isNew: boolean;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = GATHER_MS;
  /** What `failed` was told since it could last be written. */
  #told: string | undefined;

  /** `failed` is told VC-MEMORY when the file cannot be read or written. */
  constructor(stateDir: string, failed: (problem: CompatError) => void) {
    this.#failed = failed;
    this.#file = new MemoryFile(join(stateDir, 'interfaces.json'), content, MAX_BYTES);
    const read = this.#file.read();
    this.isNew = read.is === 'absent';
    if (read.is === 'unusable') failed(read.problem);
    if (read.is !== 'read' || read.content.format !== FORMAT) return;
    const { interfaces, backends, host } = read.content;
    this.#host = host;
    for (const { id: uuid, backend, sticky } of interfaces)
      this.#byId.set(uuid, { abilities: backend === undefined ? undefined : backends[backend], sticky });
  }

  get host(): Abilities | undefined {
    return this.#host;
  }

  of(uuid: string): KnownInterface | undefined {
    return this.#byId.get(uuid);
  }

  keepHost(measured: Abilities): void {
    this.#host = measured;
    this.#changed();
  }

  keep(uuid: string, { abilities: measured, sticky }: KnownInterface): void {
    const before = this.#byId.get(uuid);
    if (before && withoutBigints([before.abilities, before.sticky]) === withoutBigints([measured, sticky])) return;
    this.#byId.set(uuid, { abilities: measured, sticky });
    this.#changed();
  }

  forget(uuid: string): void {
    if (this.#byId.delete(uuid)) this.#changed();
  }

  /** Forgets all interfaces but these: the others were removed while no agent ran. */
  keepOnly(uuids: ReadonlySet<string>): void {
    for (const uuid of this.#byId.keys()) if (!uuids.has(uuid)) this.forget(uuid);
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => void this.save(), this.#pauseMs);
    this.#timer.unref();
  }

  /** Writes what has changed. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const started = performance.now();
    try {
      await this.#file.write(this.#text());
      this.#told = undefined;
    } catch (error) {
      if (!(error instanceof CompatError)) throw error;
      // it is tried again every few seconds
      if (error.message !== this.#told) this.#failed(error);
      this.#told = error.message;
      this.#changed();
    }
    this.#pauseMs = Math.max(GATHER_MS, REST * (performance.now() - started));
  }

  /** Back-ends are of few kinds: each stands there once. */
  #text(): string {
    const kinds = new Map<string, number>();
    const backends: Abilities[] = [];
    const interfaces = [...this.#byId].map(([uuid, { abilities: measured, sticky }]) => {
      if (measured === undefined) return { id: uuid, sticky };
      const key = withoutBigints(measured);
      const backend = kinds.get(key) ?? backends.push(measured) - 1;
      kinds.set(key, backend);
      return { id: uuid, backend, sticky };
    });
    return encodeOrder({ format: FORMAT, host: this.#host, backends, interfaces });
  }
}
