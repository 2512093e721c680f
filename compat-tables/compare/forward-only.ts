/** Versions of tier `forward-only`: between which hosts they may move. */
import type { Policy, SelectableHost, SelectableVersion } from './selection-input.ts';

/**
 * The hosts to which a version of tier `forward-only` does not move, by index, each with the reason. Lists begin with the
 * newest, so a host is newer when it can honour what the other one likes best and the other cannot return the favour. A
 * source moves to hosts that are not older; without a source each host must be able to take in from each.
 */
export function notReached(hosts: readonly SelectableHost[], policy: Policy): Map<number, string> {
  const firsts = hosts.map(({ versions }) => versions.find(({ usable }) => usable));
  return policy === 'source' ? behindTheSource(hosts, firsts) : behindAnother(hosts, firsts);
}

type First = SelectableVersion | undefined;

function behindTheSource(hosts: readonly SelectableHost[], firsts: readonly First[]): Map<number, string> {
  const behind = new Map<number, string>();
  const [source] = hosts;
  const [newest] = firsts;
  if (source === undefined || newest === undefined) return behind;
  for (const [index, host] of hosts.entries()) {
    const first = firsts[index];
    if (first === undefined || honours(host, newest)) continue;
    behind.set(
      index,
      honours(source, first)
        ? `the version moves forward only, and ${host.host} is older than ${source.host}: it cannot honour ${newest.version}`
        : `the version moves forward only, and neither of ${source.host} (${newest.version}) and ${host.host} (${first.version}) is known to be newer`,
    );
  }
  return behind;
}

function behindAnother(hosts: readonly SelectableHost[], firsts: readonly First[]): Map<number, string> {
  const behind = new Map<number, string>();
  const newest = new Map<string, { readonly first: SelectableVersion; readonly other: string }>();
  for (const [index, first] of firsts.entries())
    if (first !== undefined) newest.set(`${first.version} ${first.digest}`, { first, other: hosts[index]?.host ?? '' });
  for (const [index, host] of hosts.entries()) {
    const lack = [...newest.values()].find(({ first }) => firsts[index] !== undefined && !honours(host, first));
    if (lack === undefined) continue;
    const { first, other } = lack;
    behind.set(
      index,
      `the version moves forward only, and ${host.host} cannot honour ${first.version}, as ${other} does`,
    );
  }
  return behind;
}

/** Usable there, with the same content. */
function honours({ versions }: SelectableHost, wanted: SelectableVersion): boolean {
  const own = byName(versions).get(wanted.version);
  return own?.usable === true && own.digest === wanted.digest;
}

const NAMED = new WeakMap<readonly SelectableVersion[], ReadonlyMap<string, SelectableVersion>>();

/** The first version of each name. */
function byName(versions: readonly SelectableVersion[]): ReadonlyMap<string, SelectableVersion> {
  let named = NAMED.get(versions);
  if (named === undefined) {
    named = new Map(versions.toReversed().map((one) => [one.version, one]));
    NAMED.set(versions, named);
  }
  return named;
}
