/**
 * How feature bits are written down: tables of one scope, a row for each name of the specification. Numbers and names
 * follow virtio 1.4, the Linux virtio headers and QEMU's vhost-user document; the meanings are our own words.
 */

/**
 * `net`: network devices only. `ring`: how the queues work. `transport`: device and transport, all device types.
 * `vhost`: in the virtio word, but between front-end and back-end only. `protocol`: vhost-user protocol features.
 */
export type FeatureScope = 'net' | 'ring' | 'transport' | 'vhost' | 'protocol';

/** One named bit, as a table states it. What is left out is false or empty. */
interface FeatureRow {
  readonly bit: number;
  readonly meaning: string;
  /** Older or other names of the same bit with the same meaning. */
  readonly aliases?: readonly string[];
  /** Names that the specification demands with this bit; `A or B` when one of them is enough. */
  readonly requires?: readonly string[];
  /** Where that is said, or why it follows, when it is not in the table that most of them are in. */
  readonly requiresSource?: string;
  /** For old devices or drivers only, or never standardised. */
  readonly legacy?: boolean;
  /** A peculiarity, or when the bit matters for a migration. */
  readonly note?: string;
}

/** Rows by the name of the specification. */
export type FeatureRows<N extends string = string> = Readonly<Record<N, FeatureRow>>;

/** A specification name without its prefix: `VIRTIO_NET_F_MTU` is `MTU`. */
export type ShortName<N extends string> = N extends
  | `VIRTIO_NET_F_${infer S}`
  | `VIRTIO_RING_F_${infer S}`
  | `VIRTIO_F_${infer S}`
  | `VHOST_USER_PROTOCOL_F_${infer S}`
  | `VHOST_USER_F_${infer S}`
  | `VHOST_F_${infer S}`
  ? S
  : N;

export interface FeatureBit<N extends string = string> {
  readonly bit: number;
  readonly name: N;
  readonly short: ShortName<N>;
  readonly aliases: readonly string[];
  readonly scope: FeatureScope;
  readonly meaning: string;
  readonly requires: readonly string[];
  readonly requiresSource: string;
  /** QEMU (10.x) offers the bit to the guest only when the back-end offers it. */
  readonly fromBackend: boolean;
  /** Whether a guest can ever be offered the bit. */
  readonly guestVisible: boolean;
  readonly legacy: boolean;
  readonly note: string | undefined;
}

/** The bits that may stand in one feature word. */
export interface FeatureFamily<N extends string = string> {
  readonly title: string;
  /** In ascending order. A number may stand twice, under two names; a name never. */
  readonly bits: readonly FeatureBit<N>[];
  /** The rows of a number: one, two where it has two names, none where it is not there. */
  readonly byBit: ReadonlyMap<number, readonly FeatureBit<N>[]>;
  /** The row of a name: long, short or alias. */
  readonly byName: ReadonlyMap<string, FeatureBit<N>>;
}

/** Where the specification lists what a feature needs. */
const REQUIREMENTS = 'virtio 1.2, section 5.1.3.1';
const PREFIX = /^(?:VIRTIO_[A-Z0-9]+_F_|VIRTIO_F_|VHOST_USER_PROTOCOL_F_|VHOST_USER_F_|VHOST_F_)/;
const NEVER_SEEN_BY_GUESTS: readonly FeatureScope[] = ['vhost', 'protocol'];

/** Completes the rows of one scope. `from-backend`: QEMU takes these bits from the back-end; other bits it decides alone. */
export function featureBits<N extends string>(
  scope: FeatureScope,
  rows: FeatureRows<N>,
  source?: 'from-backend',
): readonly FeatureBit<N>[] {
  return Object.entries<FeatureRow>(rows).map(([name, row]) => ({
    ...{ name: name as N, short: name.replace(PREFIX, '') as ShortName<N>, scope },
    ...{ aliases: [], requires: [], requiresSource: REQUIREMENTS, legacy: false, note: undefined },
    fromBackend: source === 'from-backend',
    guestVisible: !NEVER_SEEN_BY_GUESTS.includes(scope),
    ...row,
  }));
}

/** Puts lists of bits together and indexes them; refuses a name, alias or short name that two bits would share. */
export function featureFamily<N extends string>(
  title: string,
  ...lists: readonly (readonly FeatureBit<N>[])[]
): FeatureFamily<N> {
  // Where two names share a number, the one in use comes before the one that never became a standard.
  const bits = lists.flat().sort((a, b) => a.bit - b.bit || Number(a.legacy) - Number(b.legacy));
  const byBit = new Map<number, FeatureBit<N>[]>();
  const byName = new Map<string, FeatureBit<N>>();
  for (const row of bits) {
    byBit.set(row.bit, [...(byBit.get(row.bit) ?? []), row]);
    for (const name of new Set([row.name, row.short, ...row.aliases])) {
      const other = byName.get(name);
      if (other) throw new Error(`${title}: the name ${name} stands for ${other.name} and for ${row.name}`);
      byName.set(name, row);
    }
  }
  return { title, bits, byBit, byName };
}
