import { suggestion } from '../../base/text.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import { defaultFor, deviceTypesOf, effectiveDefault } from '../../compat-tables/compare/default-version.ts';
import type { Abilities, Blocker } from '../../compat-tables/entries/entry.ts';
import { withdrawalNotes } from '../../compat-tables/entries/withdrawal.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { usersBeyond } from '../../compat-tables/moves/narrower-default.ts';
import { parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { namedUuid, ovsOptional, ovsSet, ovsUuid } from '../ovsdb/notation/values.ts';
import { carryOut, type IntentOptions, type IntentResult, type Plan } from './carry-out.ts';
import { entryOf, type HostRow, type InterfaceRow, subjectOf, type VersionRow } from './read-rows.ts';
import { guard, mutate, update } from './row-operations.ts';
import { hostName, type State } from './state.ts';

/**
 * The intents of clients. Each is checked, planned and carried out as one transaction, which also increments Host.next_cfg,
 * so that `waitApplied` can tell when the agent has followed.
 */

export interface InterfaceIntent {
  readonly name: string;
  /** Default `DEFAULT_DEVICE_TYPE`. */
  readonly deviceType?: string | undefined;
  /** `listen:PATH` or `connect:PATH`. */
  readonly frontend: string;
  readonly backend: string;
  /** The pin of the new interface; absent: the host's default. */
  readonly version?: string | undefined;
  /** An interface that exists with the same endpoints is no error; a version given here becomes its pin. */
  readonly mayExist?: boolean | undefined;
}

/** Adds an interface. Throws VC-INTERFACE-EXISTS, VC-ENDPOINT, VC-ENDPOINT-TAKEN, and what `pin` throws for the version. */
export async function addInterface(
  state: State,
  intent: InterfaceIntent,
  options: IntentOptions = {},
): Promise<IntentResult> {
  const { name, frontend, backend, version, deviceType = DEFAULT_DEVICE_TYPE } = intent;
  checkName(name);
  checkEndpoints(frontend, backend);
  return await carryOut(state, options, (host) => {
    const interfaces = state.interfaces(host);
    const existing = interfaces.find((one) => one.name === name);
    if (existing !== undefined) return planExisting(state, host, existing, { ...intent, deviceType });
    checkTaken([frontend, backend], interfaces, host);
    const notes = version === undefined ? [] : checkPin(state, host, { version, deviceType, abilities: undefined });
    const row = { name, device_type: deviceType, frontend, backend, ...(version === undefined ? {} : { version }) };
    return {
      notes,
      guards: [guard('Host', host.uuid, { interfaces: ovsSet(host.interfaces.map(ovsUuid)) })],
      operations: [
        { op: 'insert', table: 'Interface', row, 'uuid-name': 'added' },
        mutate('Host', host.uuid, 'interfaces', 'insert', namedUuid('added')),
      ],
    };
  });
}

/** Removes an interface. Throws VC-INTERFACE-UNKNOWN unless `ifExists`. */
export async function removeInterface(
  state: State,
  intent: { readonly name: string; readonly ifExists?: boolean | undefined },
  options: IntentOptions = {},
): Promise<IntentResult> {
  return await carryOut(state, options, (host) => {
    const { name, ifExists } = intent;
    const found = ifExists ? state.findInterface(name, host) : state.interface(name, host);
    if (found === undefined) return {};
    return {
      // The row itself goes with its last reference (RFC 7047, section 3.1: not a root table).
      operations: [mutate('Host', host.uuid, 'interfaces', 'delete', ovsUuid(found.uuid))],
    };
  });
}

/**
 * Pins a version on an interface, from its next start. Throws VC-INTERFACE-UNKNOWN, VC-VERSION-UNKNOWN,
 * VC-VERSION-DEVICE-TYPE, VC-VERSION-UNUSABLE.
 */
export async function pin(
  state: State,
  intent: { readonly interface: string; readonly version: string },
  options: IntentOptions = {},
): Promise<IntentResult> {
  const plan = (host: HostRow) => planPin(state, host, state.interface(intent.interface, host), intent.version);
  return await carryOut(state, options, plan);
}

/** Removes the pin: the host's default holds from the next start. Throws VC-INTERFACE-UNKNOWN. */
export async function unpin(
  state: State,
  intent: { readonly interface: string },
  options: IntentOptions = {},
): Promise<IntentResult> {
  return await carryOut(state, options, (host) => {
    const row = state.interface(intent.interface, host);
    return row.version === undefined ? {} : setVersion(row, undefined);
  });
}

/**
 * Sets the host's default; `newest` clears it, and then the first usable version is the default. Throws as `pin`, and
 * VC-DEFAULT-IN-USE when running interfaces use more than it gives, unless `force`.
 */
export async function setDefaultVersion(
  state: State,
  intent: { readonly version: string; readonly force?: boolean | undefined },
  options: IntentOptions = {},
): Promise<IntentResult> {
  const version = intent.version === 'newest' ? undefined : intent.version;
  return await carryOut(state, options, (host) => {
    const notes = version === undefined ? [] : checkDefault(state, host, version);
    if (version === host.defaultVersion) return { notes };
    notes.push(...checkNarrowing(state, host, version, intent.force === true));
    return { notes, operations: [update('Host', host.uuid, { default_version: ovsOptional(version) })] };
  });
}

function planExisting(
  state: State,
  host: HostRow,
  existing: InterfaceRow,
  { name, deviceType, frontend, backend, version, mayExist }: InterfaceIntent,
): Plan {
  const differs = [
    ['device type', existing.deviceType, deviceType],
    ['front-end', existing.frontend, frontend],
    ['back-end', existing.backend, backend],
  ].filter(([, there, wanted]) => there !== wanted);
  if (!mayExist || differs.length > 0) {
    const how = differs.map(([what, there, wanted]) => `its ${what} is ${there}, wanted ${wanted}`).join('; ');
    const text = `Cannot add interface "${name}": host ${hostName(host)} has it already${how && ` and ${how}`}`;
    throw new CompatError('VC-INTERFACE-EXISTS', text, { host: host.systemId, interface: name });
  }
  return version === undefined ? {} : planPin(state, host, existing, version);
}

function planPin(state: State, host: HostRow, row: InterfaceRow, version: string): Plan {
  const { name, deviceType, abilities } = row;
  const notes = checkPin(state, host, { version, deviceType, abilities, interface: name });
  return row.version === version ? { notes } : setVersion(row, version, notes);
}

function setVersion(row: InterfaceRow, version: string | undefined, notes: readonly string[] = []): Plan {
  return {
    notes,
    // An update that matches no row succeeds, so make sure that the interface is still there.
    guards: [guard('Interface', row.uuid, { name: row.name })],
    operations: [update('Interface', row.uuid, { version: ovsOptional(version) })],
  };
}

interface PinQuestion {
  readonly version: string;
  readonly deviceType: string;
  /** What the interface's own back-end can do; undefined until it was measured. */
  readonly abilities: Abilities | undefined;
  readonly interface?: string;
}

/** Throws when a version cannot be pinned; returns notes for the user when it can. */
function checkPin(state: State, host: HostRow, question: PinQuestion): string[] {
  const { version, deviceType, abilities } = question;
  const versions = state.versions(host);
  const row = versions.find((one) => one.version === version && one.deviceType === deviceType);
  if (row === undefined) throw unknownVersion(host, versions, question);
  const blockers = abilities === undefined ? hostBlockers(row) : checkEntry(entryOf(row), abilities);
  return [...judge(host, question, blockers), ...withdrawalNotes(version, row.withdrawn)];
}

/** The default holds for each device type that has a version of this name; it must be usable in all of them. */
function checkDefault(state: State, host: HostRow, version: string): string[] {
  const versions = state.versions(host);
  const types = deviceTypesOf(versions.filter((one) => one.version === version));
  if (types.length === 0) throw unknownVersion(host, versions, { version });
  const notes = types.flatMap((type) => {
    const row = versions.find((one) => one.version === version && one.deviceType === type);
    if (row === undefined) return [];
    return [...judge(host, { version }, hostBlockers(row)), ...withdrawalNotes(version, row.withdrawn)];
  });
  return [...new Set(notes)];
}

/** Throws when running interfaces use more than the new default gives; with `force` that is a note. */
function checkNarrowing(state: State, host: HostRow, version: string | undefined, force: boolean): string[] {
  const versions = state.versions(host);
  // Nothing changes for a device type for which neither the old default nor the new one counts.
  const types = deviceTypesOf(versions).filter(
    (type) => defaultFor(type, version, versions) !== defaultFor(type, host.defaultVersion, versions),
  );
  return types.flatMap((type) => {
    const name = effectiveDefault(type, version, versions);
    const row = versions.find((one) => one.version === name && one.deviceType === type);
    return row === undefined ? [] : narrowed(state, host, row, force);
  });
}

function narrowed(state: State, host: HostRow, row: VersionRow, force: boolean): string[] {
  const users = usersBeyond(entryOf(row), state.interfaces(host).map(subjectOf));
  if (users.length === 0) return [];
  const list = users.map((one) => `${one.interface} (${[...one.features, ...one.limits].join(', ')})`).join('; ');
  const seen = `running interfaces use more than ${row.version} gives: ${list}`;
  if (force) return [`${seen}; they keep it until they stop`];
  throw new CompatError('VC-DEFAULT-IN-USE', `Cannot make ${row.version} the default: ${seen}`, {
    host: host.systemId,
    version: row.version,
    missing: [...new Set(users.flatMap(({ features }) => features))],
    interfaces: users,
  });
}

function hostBlockers(row: VersionRow): readonly Blocker[] {
  if (row.usable || row.blockers.length > 0) return row.blockers;
  return [{ code: 'VC-VERSION-UNUSABLE', text: 'the host gives no reason', missing: [] }];
}

function judge(
  host: HostRow,
  { version, interface: name }: { readonly version: string; readonly interface?: string },
  blockers: readonly Blocker[],
): string[] {
  if (blockers.length === 0) return [];
  const reasons = blockers.map((blocker) => blocker.text).join('; ');
  // Nothing is known before the first back-end is measured; the agent judges then.
  if (blockers.every((blocker) => blocker.code === 'VC-BACKEND-UNKNOWN'))
    return [`Whether ${version} is usable is not known yet: ${reasons}`];
  const where = name === undefined ? `on host ${hostName(host)}` : `on interface ${name} of host ${hostName(host)}`;
  throw new CompatError('VC-VERSION-UNUSABLE', `Cannot use version ${version} ${where}: ${reasons}`, {
    host: host.systemId,
    ...(name === undefined ? {} : { interface: name }),
    version,
    missing: [...new Set(blockers.flatMap((blocker) => blocker.missing))],
    blockers,
  });
}

function unknownVersion(
  host: HostRow,
  versions: readonly VersionRow[],
  { version, deviceType }: { readonly version: string; readonly deviceType?: string },
): CompatError {
  const details = { host: host.systemId, version };
  const other = versions.find((one) => one.version === version);
  if (other !== undefined) {
    const text = `Cannot use version ${version}: it is of device type ${other.deviceType}; wanted ${deviceType}`;
    return new CompatError('VC-VERSION-DEVICE-TYPE', text, details);
  }
  const names = versions.filter((one) => deviceType === undefined || one.deviceType === deviceType);
  const known = names.map((one) => one.version);
  const text = `Cannot find version "${version}" on host ${hostName(host)}${suggestion(version, known)}`;
  return new CompatError('VC-VERSION-UNKNOWN', text, details);
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9_.:-]{1,63}$/.test(name)) return;
  const text = `Cannot add interface ${JSON.stringify(name)}: wanted a name of 1 to 63 letters, digits or characters of _ . : -`;
  throw new CompatError('VC-INTERFACE-NAME', text, { interface: name });
}

function checkEndpoints(frontend: string, backend: string): void {
  if (parseEndpoint(frontend).path === parseEndpoint(backend).path) {
    const text = `Cannot read endpoint "${backend}": the front-end ${frontend} has the same path; wanted two different sockets`;
    throw new CompatError('VC-ENDPOINT', text);
  }
}

/** Two interfaces on one socket path would accept each other's peers. */
function checkTaken(endpoints: readonly string[], interfaces: readonly InterfaceRow[], host: HostRow): void {
  for (const endpoint of endpoints) {
    const path = pathOf(endpoint);
    const owner = interfaces.find((one) => pathOf(one.frontend) === path || pathOf(one.backend) === path);
    if (owner === undefined) continue;
    const text = `Cannot use endpoint ${endpoint}: interface ${owner.name} of host ${hostName(host)} has this path`;
    throw new CompatError('VC-ENDPOINT-TAKEN', text, { host: host.systemId, interface: owner.name });
  }
}

/** The path of an endpoint in the database, which may be malformed; then it equals no other. */
function pathOf(endpoint: string): string {
  return endpoint.replace(/^(listen|connect):/, '');
}
