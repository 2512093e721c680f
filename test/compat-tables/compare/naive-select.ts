import type { Policy, SelectableHost, SelectableVersion } from '../../../compat-tables/compare/selection-input.ts';

/** Selection as it is defined, with no thought for speed and no line in common with the real one. */
export function naiveSelect(hosts: readonly SelectableHost[], policy: Policy) {
  const names = [...new Set(hosts.flatMap(({ versions }) => versions.map(({ version }) => version)))];
  const common = names.filter((name) => isCommon(hosts, name, policy));
  const ranks = (name: string) => hosts.map((host) => usableOn(host).findIndex(({ version }) => version === name));
  const worst = (name: string) => Math.max(...ranks(name));
  const sum = (name: string) => ranks(name).reduce((a, b) => a + b, 0);
  let version = common[0];
  if (policy === 'consensus')
    for (const name of common) {
      if (version === undefined) continue;
      const [a, b] = [[worst(name), sum(name)] as const, [worst(version), sum(version)] as const];
      const better = a[0] < b[0] || (a[0] === b[0] && (a[1] < b[1] || (a[1] === b[1] && name < version)));
      if (better) version = name;
    }
  const digest = hosts.flatMap(({ versions }) => versions).find((one) => one.version === version)?.digest;
  return { chosen: { version, digest: version === undefined ? undefined : digest }, common };
}

function usableOn({ versions }: SelectableHost): readonly SelectableVersion[] {
  return versions.filter(({ usable }) => usable);
}

function honours(host: SelectableHost, wanted: SelectableVersion | undefined): boolean {
  if (wanted === undefined) return true;
  return usableOn(host).some(({ version, digest }) => version === wanted.version && digest === wanted.digest);
}

function isCommon(hosts: readonly SelectableHost[], name: string, policy: Policy): boolean {
  const statuses = hosts.map((host) => usableOn(host).find(({ version }) => version === name));
  if (statuses.some((status) => status === undefined)) return false;
  if (new Set(statuses.map((status) => status?.digest)).size > 1) return false;
  const forwardOnly = statuses.some((status) => status?.tier === 'forward-only');
  if (!forwardOnly) return true;
  const best = hosts.map((host) => usableOn(host)[0]);
  // Towards a host: it has to honour what the other likes best.
  const sources = policy === 'source' ? best.slice(0, 1) : best;
  return hosts.every((host) => sources.every((first) => honours(host, first)));
}
