/** Equal version strings with different contents: somebody changed a published entry. */
import { firstNames } from '../../base/text.ts';
import type { HostVersionList } from '../entries/entry.ts';

export interface DifferingDigests {
  readonly version: string;
  /** The contents that were seen, the most widespread first. */
  readonly contents: readonly { readonly digest: string; readonly hosts: readonly string[] }[];
}

/** Every version that the hosts do not agree on, whether they can honour it or not. */
export function differingDigests(hosts: readonly HostVersionList[]): DifferingDigests[] {
  const seen = new Map<string, Map<string, string[]>>();
  for (const { host, versions } of hosts) {
    for (const { version, digest } of versions) {
      const contents = seen.get(version);
      if (contents === undefined) seen.set(version, new Map([[digest, [host]]]));
      else if (contents.get(digest)?.push(host) === undefined) contents.set(digest, [host]);
    }
  }
  return [...seen]
    .filter(([, contents]) => contents.size > 1)
    .map(([version, contents]) => ({
      version,
      contents: [...contents]
        .map(([digest, names]) => ({ digest, hosts: names }))
        .sort((a, b) => b.hosts.length - a.hosts.length || (a.digest < b.digest ? -1 : 1)),
    }));
}

/** More names than this are counted, not listed. */
const MOST_NAMES = 5;

/** One line for people. */
export function differingDigestsLine({ version, contents }: DifferingDigests): string {
  const places = contents.map(
    ({ digest, hosts }) => `${digest.slice(0, 12) || 'no digest'} on ${firstNames(hosts, MOST_NAMES)}`,
  );
  return `ALARM: ${version} is not the same everywhere: ${places.join('; ')}: a published entry was changed; it is never selected`;
}
