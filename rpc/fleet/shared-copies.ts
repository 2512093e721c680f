import type { CompactVersions } from '../../compat-tables/compare/selection-input.ts';
import type { DeviceDocument } from '../../compat-tables/devices/device-document.ts';

/** For each kind of value. Documents come from others, who may make every one of them different. */
const MOST_CHARACTERS = 16 << 20;

/**
 * One copy of each value that the documents of a fleet repeat: comparing copies is what a selection over thousands of
 * documents would spend its time on. All copies are forgotten when there are more of them than any fleet has.
 */
class SharedCopies<T> {
  readonly #copies = new Map<string, T>();
  readonly #most: number;
  /** Characters of all keys. */
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: () => T): T {
    const known = this.#copies.get(key);
    if (known !== undefined) return known;
    this.#length += key.length;
    if (this.#copies.size >= this.#most || this.#length > MOST_CHARACTERS) {
      this.#copies.clear();
      this.#length = key.length;
    }
    const made = make();
    this.#copies.set(key, made);
    return made;
  }
}

/** Names of versions and device types, and digests. */
export const TEXTS = new SharedCopies<string>(10_000);

/** Equal lists of versions in short. */
export const COMPACT_LISTS = new SharedCopies<CompactVersions>(10_000);

/** What equal device documents say of their device. */
export const DEVICES = new SharedCopies<Pick<DeviceDocument, 'self' | 'compatible'>>(1000);
