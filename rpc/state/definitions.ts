import { firstNames, suggestion } from '../../base/text.ts';
import type { Entry } from '../../compat-tables/entries/entry.ts';
import { DEFINED, entryFile, readEntry } from '../../compat-tables/entries/entry-file.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { ovsMap, ovsSet } from '../ovsdb/notation/values.ts';
import { carryOut, type IntentOptions, type IntentResult } from './carry-out.ts';
import type { HostRow } from './read-rows.ts';
import { guard, mutate } from './row-operations.ts';
import { hostName, type State } from './state.ts';

/**
 * Versions that clients define on a host, beside its table files: Host.defined_versions. The agent publishes them after
 * those of the files, so that they are chosen only by name or when no other version is common.
 */

/**
 * Defines a version on a host. Throws VC-VERSION-EXISTS when the host has the name with another content; with the same
 * content there is nothing to do.
 */
export async function defineVersion(
  state: State,
  intent: { readonly entry: Entry },
  options: IntentOptions = {},
): Promise<IntentResult> {
  const { entry } = intent;
  return await carryOut(state, options, (host) => {
    if (!checkDefinition(state, host, entry)) return {};
    const definition = ovsMap({ [entry.version]: entryFile(entry) });
    return {
      // another client may define the name first, and inserting a key that is there changes nothing
      guards: [guard('Host', host.uuid, { defined_versions: ovsMap(host.definedVersions) })],
      operations: [mutate('Host', host.uuid, 'defined_versions', 'insert', definition)],
    };
  });
}

/** Whether the entry has still to be defined. Throws VC-VERSION-EXISTS. */
export function checkDefinition(state: State, host: HostRow, entry: Entry): boolean {
  const { version, deviceType, digest } = entry;
  const published = state.versions(host, deviceType).find((one) => one.version === version);
  if (published !== undefined) {
    if (published.digest !== digest) throw exists(host, entry, published.origin);
    // A version that was taken back is published as long as it is used; defined again, it stays.
    if (published.origin !== DEFINED) return false;
  }
  const text = host.definedVersions.get(version);
  if (text === undefined) return true;
  if (sameContent(text, entry)) return false;
  throw exists(host, entry, DEFINED);
}

/**
 * Takes the definition of a version back; it stays published while an interface uses it or it is the host's default.
 * Throws VC-VERSION-UNKNOWN.
 */
export async function undefineVersion(
  state: State,
  intent: { readonly version: string },
  options: IntentOptions = {},
): Promise<IntentResult> {
  const { version } = intent;
  return await carryOut(state, options, (host) => {
    if (!host.definedVersions.has(version)) {
      const hint = suggestion(version, [...host.definedVersions.keys()]);
      const text = `Cannot take back version "${version}": no client has defined it on host ${hostName(host)}${hint}`;
      throw new CompatError('VC-VERSION-UNKNOWN', text, { host: host.systemId, version });
    }
    return {
      notes: usersOf(state, host, version),
      operations: [mutate('Host', host.uuid, 'defined_versions', 'delete', ovsSet([version]))],
    };
  });
}

/** Why a version stays published though its definition is taken back, in sentences for the user. */
function usersOf(state: State, host: HostRow, version: string): string[] {
  const published = state.versions(host).filter((row) => row.version === version && row.origin === DEFINED);
  const types = published.map(({ deviceType }) => deviceType);
  const users = state
    .interfaces(host)
    .filter((one) => types.includes(one.deviceType) && [one.version, one.inForce].includes(version))
    .map(({ name }) => name);
  const isDefault = types.length > 0 && host.defaultVersion === version;
  const notes = isDefault
    ? [`${version} is the default of the host and stays published until the default is another`]
    : [];
  if (users.length > 0)
    notes.push(`${version} is in use by ${firstNames(users, 3)} and stays published until they no longer use it`);
  return notes;
}

function sameContent(text: string, entry: Entry): boolean {
  try {
    return readEntry(text, 'defined').digest === entry.digest;
  } catch {
    return false;
  }
}

function exists(host: HostRow, { version }: Entry, origin: string): CompatError {
  const text = `Cannot define ${version} on host ${hostName(host)}: it has this version with another content (${origin})`;
  return new CompatError('VC-VERSION-EXISTS', text, { host: host.systemId, version });
}
