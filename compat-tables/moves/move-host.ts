/** Hosts and interfaces, as the questions about moves see them. */
import type { Abilities, Blocker, Entry, KnownBy } from '../entries/entry.ts';

/** A version as one host has it. */
export interface HostEntry {
  readonly entry: Entry;
  readonly usable: boolean;
  readonly blockers: readonly Blocker[];
}

/** A host as the questions about moves see it: its versions of one device type, the most preferred first. */
export interface MoveHost {
  readonly name: string;
  /** Tells hosts of one name apart; undefined: not known. */
  readonly id?: string | undefined;
  readonly deviceType: string;
  readonly versions: readonly HostEntry[];
  /** The abilities of its back-end; undefined: not known. */
  readonly abilities: Abilities | undefined;
  /** How its abilities came to be known; undefined: nobody said. */
  readonly knownBy?: KnownBy | undefined;
  /** For people: the releases that its back-end is like. */
  readonly backend: string | undefined;
  readonly defaultVersion: string | undefined;
  readonly interfaces: readonly MoveSubject[];
}

/** An interface as it stands now. */
export interface MoveSubject {
  readonly name: string;
  readonly deviceType: string;
  /** The pin; undefined: the host's default. */
  readonly pin: string | undefined;
  readonly inForce: string | undefined;
  readonly nextStart: string | undefined;
  readonly offered: bigint | undefined;
  readonly acked: bigint | undefined;
  readonly ackedProtocol: bigint | undefined;
  /** As its type counts them. */
  readonly queuePairs: number | undefined;
  readonly ringSizes: readonly number[];
  /** The highest ring whose size is known, and 1; undefined or 0: none is. */
  readonly rings?: number;
  /** Regions of guest memory; undefined: not known. */
  readonly memoryRegions?: number | undefined;
  /** The column `state` of the interface; undefined: not known. */
  readonly state?: string | undefined;
  /** What went wrong, or what it waits for, in a sentence. */
  readonly detail?: string | undefined;
  /** The abilities of its own back-end; undefined: not known. */
  readonly abilities: Abilities | undefined;
}

/** How many rings a device has of which these are some. */
export function ringsOf(indexes: readonly number[]): number {
  return indexes.reduce((most, index) => Math.max(most, index + 1), 0);
}

const NAMED = new WeakMap<readonly HostEntry[], ReadonlyMap<string, HostEntry>>();

/** The first version of a name on the host. */
export function versionNamed(
  { versions }: Pick<MoveHost, 'versions'>,
  name: string | undefined,
): HostEntry | undefined {
  let named = NAMED.get(versions);
  if (named === undefined) {
    named = new Map(versions.toReversed().map((one) => [one.entry.version, one]));
    NAMED.set(versions, named);
  }
  return name === undefined ? undefined : named.get(name);
}
