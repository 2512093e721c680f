import { checkEntry } from '../../compat-tables/check.ts';
import type { Abilities, Blocker, Entry, KnownBy } from '../../compat-tables/types.ts';

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
  readonly sources: readonly { readonly name: string; readonly abilities: Abilities }[];
}

/** The common ground of all back-ends of one device type; undefined when nothing is known. */
export function hostView(views: readonly BackendView[], beforehand: Beforehand | undefined): HostView | undefined {
  const connected = views.filter((view) => view.connected);
  const counted = connected.length > 0 ? connected : views;
  if (counted.length > 0) {
    const sources = counted.map((view) => ({ name: view.interface, abilities: view.abilities }));
    return { abilities: common(sources.map((source) => source.abilities)), knownBy: 'measured', sources };
  }
  if (!beforehand) return undefined;
  const { abilities, knownBy, name } = beforehand;
  return { abilities, knownBy, sources: [{ name, abilities }] };
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
  for (const { name, abilities } of view.sources) {
    for (const blocker of checkEntry(entry, abilities)) {
      const key = `${blocker.code} ${blocker.text}`;
      const known = found.get(key);
      if (known) known.names.push(name);
      else found.set(key, { blocker, names: [name] });
    }
  }
  return [...found.values()].map(({ blocker, names }) =>
    names.length === view.sources.length
      ? blocker
      : { ...blocker, text: `${blocker.text} (back-end of ${shortList(names)})` },
  );
}

/** A sentence stays a sentence with a thousand interfaces. */
function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
