import { firstNames } from '../../base/text.ts';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import { commonAbilities } from '../../compat-tables/compare/common-abilities.ts';
import type { Abilities, Blocker, Entry, KnownBy } from '../../compat-tables/entries/entry.ts';
import { servesOneGuest } from '../../compat-tables/releases/resembles.ts';

/**
 * What the host as a whole can honour, from what its back-ends offer. Pure. A version is usable on a host when every
 * back-end can honour it, because an interface may be added on any of them. A back-end that can honour none of the versions
 * serves no guest whatever the host publishes; its own port says so, and it takes no version from the others. Nor does one
 * that serves a single guest, such as passt, beside switches: no other interface is ever added on it.
 */

/** What one interface knows of its back-end. */
export interface BackendView {
  readonly interface: string;
  readonly deviceType: string;
  readonly abilities: Abilities;
  /** Whether the back-end is connected now; those that are not count only while none is. */
  readonly connected: boolean;
}

/** What was known before any back-end was measured: from the database, or from the configuration. */
export interface Beforehand {
  readonly abilities: Abilities;
  readonly knownBy: KnownBy;
  /** Stands in blockers: `ovs-3.1`, or when it was measured. */
  readonly name: string;
}

export interface HostView {
  readonly abilities: Abilities;
  readonly knownBy: KnownBy;
  /** The different back-ends, each with the interfaces that have one like it: usually there is one for all. */
  readonly kinds: readonly BackendKind[];
  /** The interfaces whose back-ends take no version from the others: they can honour none, or serve one guest each. */
  readonly notCounted: readonly string[];
}

interface BackendKind {
  readonly names: readonly string[];
  readonly abilities: Abilities;
}

/**
 * What all back-ends of one device type have in common; undefined when nothing is known. `entries`: the versions in force of
 * this device type.
 */
export function hostView(
  views: readonly BackendView[],
  beforehand: Beforehand | undefined,
  entries: readonly Entry[] = [],
): HostView | undefined {
  const connected = views.filter((view) => view.connected);
  const present = connected.length > 0 ? connected : views;
  const [first] = present;
  if (first) {
    const { deviceType } = first;
    const all = kindsOf(present);
    const able = all.filter(({ abilities }) => entries.some((entry) => checkEntry(entry, abilities).length === 0));
    const shared = able.filter(({ abilities }) => !servesOneGuest(abilities, deviceType));
    const kinds = [shared, able, all].find((some) => some.length > 0) ?? all;
    const notCounted = all.filter((kind) => !kinds.includes(kind)).flatMap(({ names }) => names);
    return { abilities: commonAbilities(kinds.map((kind) => kind.abilities)), knownBy: 'measured', kinds, notCounted };
  }
  if (!beforehand) return undefined;
  const { abilities, knownBy, name } = beforehand;
  return { abilities, knownBy, kinds: [{ names: [name], abilities }], notCounted: [] };
}

function kindsOf(views: readonly BackendView[]): { names: string[]; abilities: Abilities }[] {
  const kinds = new Map<string, { names: string[]; abilities: Abilities }>();
  for (const { interface: name, abilities } of views) {
    const key = withoutBigints(abilities);
    const kind = kinds.get(key);
    if (kind) kind.names.push(name);
    else kinds.set(key, { names: [name], abilities });
  }
  return [...kinds.values()];
}

/** The reasons why the host cannot honour an entry, with the back-ends that cannot when others can. Empty: usable. */
export function hostBlockers(entry: Entry, view: HostView | undefined): Blocker[] {
  if (!view) return checkEntry(entry, undefined);
  const found = new Map<string, { blocker: Blocker; names: string[] }>();
  const all = view.kinds.reduce((sum, { names }) => sum + names.length, 0);
  for (const { names, abilities } of view.kinds) {
    for (const blocker of checkEntry(entry, abilities)) {
      const key = `${blocker.code} ${blocker.text}`;
      const known = found.get(key);
      if (known) known.names.push(...names);
      else found.set(key, { blocker, names: [...names] });
    }
  }
  return [...found.values()].map(({ blocker, names }) =>
    names.length === all ? blocker : { ...blocker, text: `${blocker.text} (back-end of ${firstNames(names, 3)})` },
  );
}

/** JSON with bigints as texts, by which two views are compared. */
export function withoutBigints(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? one.toString(16) : one));
}
