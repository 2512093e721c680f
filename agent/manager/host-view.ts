import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import type { Abilities, Blocker, Entry, KnownBy } from '../../compat-tables/entries/entry.ts';

/**
 * What the host as a whole can honour, from what its back-ends were seen to offer. Pure. A host serves a version when
 * every back-end of it can: an interface may be made on any of them.
 */

/** What one interface knows of its back-end. */
export interface BackendView {
  readonly interface: string;
  readonly deviceType: string;
  readonly abilities: Abilities;
  /** Whether the back-end is connected now; what was measured earlier counts only while no other is connected. */
  readonly connected: boolean;
}

/** What was known before any interface measured: from the database, or from the configuration. */
export interface Beforehand {
  readonly abilities: Abilities;
  readonly knownBy: KnownBy;
  /** For people: `ovs-3.1`, or when it was measured. */
  readonly name: string;
}

export interface HostView {
  readonly abilities: Abilities;
  readonly knownBy: KnownBy;
  /** The different back-ends, each with the interfaces that have one like it: usually there is one for all. */
  readonly kinds: readonly { readonly names: readonly string[]; readonly abilities: Abilities }[];
}

/** The common ground of all back-ends of one device type; undefined when nothing is known. */
export function hostView(views: readonly BackendView[], beforehand: Beforehand | undefined): HostView | undefined {
  const connected = views.filter((view) => view.connected);
  const counted = connected.length > 0 ? connected : views;
  if (counted.length > 0) {
    const kinds = kindsOf(counted);
    return { abilities: common(kinds.map((kind) => kind.abilities)), knownBy: 'measured', kinds };
  }
  if (!beforehand) return undefined;
  const { abilities, knownBy, name } = beforehand;
  return { abilities, knownBy, kinds: [{ names: [name], abilities }] };
}

function kindsOf(views: readonly BackendView[]): { names: string[]; abilities: Abilities }[] {
  const kinds = new Map<string, { names: string[]; abilities: Abilities }>();
  for (const { interface: name, abilities } of views) {
    const { virtioFeatures, protocolFeatures, limits } = abilities;
    const key = `${virtioFeatures} ${protocolFeatures} ${JSON.stringify(limits)}`;
    const kind = kinds.get(key);
    if (kind) kind.names.push(name);
    else kinds.set(key, { names: [name], abilities });
  }
  return [...kinds.values()];
}

/** What all of them offer; a limit that one of them does not state is that of the others. */
export function common(all: readonly Abilities[]): Abilities {
  const limits: Record<string, number> = {};
  for (const abilities of all) {
    for (const [name, value] of Object.entries(abilities.limits)) {
      limits[name] = Math.min(value, limits[name] ?? value);
    }
  }
  const everything = (1n << 128n) - 1n;
  return {
    virtioFeatures: all.reduce((mask, one) => mask & one.virtioFeatures, everything),
    protocolFeatures: all.reduce((mask, one) => mask & one.protocolFeatures, everything),
    limits,
  };
}

/** Why the host cannot honour an entry; with several back-ends, which of them cannot is named. Empty: usable. */
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
    names.length === all ? blocker : { ...blocker, text: `${blocker.text} (back-end of ${shortList(names)})` },
  );
}

/** A sentence stays a sentence with a thousand interfaces. */
function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
