import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import { array, type Check, integer, openObject } from '../../../rpc/json/shape.ts';
import { encodeOrder } from '../../orders/message-stream.ts';
import {
  type InterfaceOrder,
  interfaceOrder,
  type StickyMode,
  stickyMode,
  type VersionsOrder,
  versionsOrder,
} from '../../orders/orders.ts';

/** Raised when a release writes what the previous one cannot read. */
const FORMAT = 1;
const VERSIONS = 'versions.json';
const SUFFIX = '.interface.json';

/** An interface as it was ordered last, and the modes of its front-end processes, its guest's first. */
export interface RememberedInterface {
  readonly order: InterfaceOrder;
  readonly modes: readonly StickyMode[];
}

const remembered = openObject({ format: integer, order: interfaceOrder, modes: array(stickyMode, 1000) });
const rememberedVersions = openObject({ format: integer, versions: versionsOrder });

/**
 * The last orders of the manager, so that interfaces are served while it is away, also by the next relay process. One file
 * for each interface and one for the versions, on tmpfs: a reboot ends all front-end processes anyway. Each file is
 * replaced as a whole. What cannot be read is passed over; the manager orders it again.
 */
export class LastOrders {
  readonly #folder: string;
  readonly #failed: (error: Error) => void;
  readonly #written = new Map<string, string>();

  /** `failed` is told when a file cannot be written, so that the orders hold, but not for the next process; or read. */
  constructor(folder: string, failed: (error: Error) => void) {
    this.#folder = folder;
    this.#failed = failed;
  }

  readVersions(): VersionsOrder | undefined {
    return this.#read(VERSIONS, rememberedVersions)?.versions;
  }

  readInterfaces(): RememberedInterface[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .flatMap((name) => {
        const read = this.#read(name, remembered);
        if (read === undefined || read.order.id + SUFFIX === name) return read ?? [];
        this.#tell(name, `it has the orders of ${read.order.id}`);
        return [];
      });
  }

  writeVersions(versions: VersionsOrder): void {
    this.#write(VERSIONS, { format: FORMAT, versions });
  }

  writeInterface(order: InterfaceOrder, modes: readonly StickyMode[]): void {
    this.#write(order.id + SUFFIX, { format: FORMAT, order, modes });
  }

  remove(id: string): void {
    this.#written.delete(id + SUFFIX);
    try {
      rmSync(join(this.#folder, id + SUFFIX), { force: true });
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  #read<T extends { readonly format: number }>(name: string, check: Check<T>): T | undefined {
    try {
      const read = check(JSON.parse(readFileSync(join(this.#folder, name), 'utf8')), name);
      if (read.format === FORMAT) return read;
      this.#tell(name, `it has format ${read.format}; this release reads format ${FORMAT}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#tell(name, (error as Error).message);
    }
    return undefined;
  }

  #tell(name: string, seen: string): void {
    const path = join(this.#folder, name);
    const text = `Cannot go by the last orders in ${path}: ${seen}; wanted a file of this or the previous release`;
    this.#failed(new CompatError('VC-ORDERS', text, { path }));
  }

  #write(name: string, content: object): void {
    const text = encodeOrder(content);
    if (this.#written.get(name) === text) return;
    const path = join(this.#folder, name);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
      this.#written.set(name, text);
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}
