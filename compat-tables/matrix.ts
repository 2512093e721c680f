/** Versions × hosts: what each host says of each version, with the reasons. */
import { CompatError } from './errors.ts';
import type { Blocker, HostVersions, VersionStatus } from './types.ts';

/** `differs`: usable there, but its content is not that of the other hosts. */
export type CellState = 'usable' | 'blocked' | 'unknown' | 'differs';

export interface MatrixCell {
  readonly host: string;
  readonly state: CellState;
  /** Empty when the host does not know the version. */
  readonly digest: string;
  /** Why not, empty when usable. */
  readonly reasons: readonly Blocker[];
}

export interface MatrixRow {
  readonly version: string;
  /** One per host, in the order of the hosts. */
  readonly cells: readonly MatrixCell[];
  /** Usable on every host, and the same on every host that knows it. */
  readonly common: boolean;
}

export interface Matrix {
  readonly deviceType: string;
  readonly hosts: readonly string[];
  /** In the order of the first host, then what the following ones add. */
  readonly rows: readonly MatrixRow[];
}

/** Every version that any host knows, on every host; throws VC-VERSION-DEVICE-TYPE when the hosts are not of one type. */
export function matrix(hosts: readonly HostVersions[]): Matrix {
  const deviceType = hosts[0]?.deviceType ?? '';
  const other = hosts.find((host) => host.deviceType !== deviceType);
  if (other) {
    const seen = `${hosts[0]?.host} has ${deviceType}, ${other.host} has ${other.deviceType}`;
    throw new CompatError('VC-VERSION-DEVICE-TYPE', `Cannot compare versions: ${seen}; wanted one device type`);
  }
  const known = hosts.map(({ versions }) => firstOfEach(versions));
  const names = new Set(known.flatMap((versions) => [...versions.keys()]));
  const rows = [...names].map((version) =>
    rowOf(
      version,
      hosts.map(({ host }, index) => ({ host, status: known[index]?.get(version) })),
    ),
  );
  return { deviceType, hosts: hosts.map(({ host }) => host), rows };
}

function firstOfEach(versions: readonly VersionStatus[]): Map<string, VersionStatus> {
  const byName = new Map<string, VersionStatus>();
  for (const status of versions) if (!byName.has(status.version)) byName.set(status.version, status);
  return byName;
}

interface Asked {
  readonly host: string;
  readonly status: VersionStatus | undefined;
}

function rowOf(version: string, asked: readonly Asked[]): MatrixRow {
  // The first host that knows the version is what the others are held against; who is right, nobody can say here.
  const reference = asked.find(({ status }) => status !== undefined);
  const cells = asked.map((one) => cellOf(one, reference));
  return { version, cells, common: cells.every(({ state }) => state === 'usable') };
}

function cellOf({ host, status }: Asked, reference: Asked | undefined): MatrixCell {
  if (status === undefined) {
    const reasons = [{ code: 'VC-VERSION-UNKNOWN', text: 'no table there defines the version', missing: [] }];
    return { host, state: 'unknown', digest: '', reasons };
  }
  const { digest } = status;
  const reasons = [...(status.usable ? [] : blockersOf(status)), ...differenceOf(status, reference)];
  if (reasons.length === 0) return { host, state: 'usable', digest, reasons };
  return { host, state: status.usable ? 'differs' : 'blocked', digest, reasons };
}

function blockersOf({ blockers }: VersionStatus): readonly Blocker[] {
  if (blockers.length > 0) return blockers;
  return [{ code: 'VC-VERSION-UNUSABLE', text: 'the host calls it not usable and gives no reason', missing: [] }];
}

function differenceOf({ digest }: VersionStatus, reference: Asked | undefined): Blocker[] {
  if (reference?.status === undefined || reference.status.digest === digest) return [];
  const text = `its content (${brief(digest)}) is not that of ${reference.host} (${brief(reference.status.digest)})`;
  return [{ code: 'VC-DIGEST-DIFFERS', text, missing: [] }];
}

/** Enough of a digest for people to compare. */
function brief(digest: string): string {
  return digest === '' ? 'no digest' : digest.slice(0, 12);
}
