import { CompatError } from '../../compat-tables/errors.ts';
import { type Matrix, matrix } from '../../compat-tables/matrix.ts';
import { type Policy, type Selection, select } from '../../compat-tables/select.ts';
import type { HostVersions } from '../../compat-tables/types.ts';
import { type HostDocument, hostVersions } from './documents.ts';

/** Selection over host documents, for one device type. */

export interface SelectionOptions {
  /** Default `vhost-user-net`. */
  readonly deviceType?: string | undefined;
  /** Default `source`: the order of the first host rules. */
  readonly policy?: Policy | undefined;
}

export function selectVersion(documents: readonly HostDocument[], options: SelectionOptions = {}): Selection {
  return select(comparable(documents, options.deviceType), options.policy ?? 'source');
}

export function versionMatrix(documents: readonly HostDocument[], options: SelectionOptions = {}): Matrix {
  return matrix(comparable(documents, options.deviceType));
}

/**
 * The hosts as the selection wants them, under names that tell them apart: where documents carry the same host name (two
 * agents on one machine), the system id is added, and a number where that does not help either.
 */
export function comparable(documents: readonly HostDocument[], deviceType = 'vhost-user-net'): HostVersions[] {
  const there = new Set(documents.flatMap(({ versions }) => versions.map((one) => one.device_type)));
  if (there.size > 0 && !there.has(deviceType)) {
    throw new CompatError(
      'VC-VERSION-DEVICE-TYPE',
      `Cannot compare hosts for device type "${deviceType}": none of them has a version of it; they have ${[...there].sort().join(', ')}`,
    );
  }
  const names = distinct(documents, [
    ({ host }) => host,
    ({ host, system_id }) => `${host} (${system_id})`,
    ({ host, system_id }, index) => `${host} (${system_id}) #${index + 1}`,
  ]);
  return documents.map((document, index) => ({
    ...hostVersions(document, deviceType),
    host: names[index] ?? document.host,
  }));
}

type Naming = (document: HostDocument, index: number) => string;

/** For each document the shortest of the given names that no other document has. */
function distinct(documents: readonly HostDocument[], namings: readonly Naming[]): string[] {
  let names = documents.map(() => '');
  for (const naming of namings) {
    const previous = names;
    names = documents.map((document, index) =>
      count(previous, previous[index]) > 1 || previous[index] === ''
        ? naming(document, index)
        : (previous[index] ?? ''),
    );
  }
  return names;
}

function count(names: readonly string[], name: string | undefined): number {
  return names.filter((one) => one === name).length;
}
