/**
 * A version or a release that is known to be broken, or that nobody shall start to use. It is no part of the promise: an entry
 * may be withdrawn, and a withdrawal taken back, without a new version string or digest. Whoever is pinned to it or runs in it
 * goes on; nothing chooses it anew.
 */
export interface Withdrawal {
  /** A date or a release, for people. */
  readonly since: string;
  readonly why: string;
  /** The version or release to use instead. */
  readonly use?: string | undefined;
}

/** `is withdrawn since 2026-03-01: guests lose packets; use site.v2 instead` */
export function withdrawalText({ since, why, use }: Withdrawal): string {
  return `is withdrawn since ${since}: ${why}${use === undefined ? '' : `; use ${use} instead`}`;
}

/** A warning for people, with its code; none of what is not withdrawn. */
export function withdrawalNotes(name: string, withdrawn: Withdrawal | undefined): string[] {
  return withdrawn === undefined ? [] : [`${name} ${withdrawalText(withdrawn)} [VC-VERSION-WITHDRAWN]`];
}
