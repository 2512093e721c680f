import { mapInTurns } from '../../base/turns.ts';
import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames } from '../../compat-tables/bits/mask.ts';
import { guestFeatures } from '../../compat-tables/bits/named-masks.ts';
import { COMPAT_VERSION } from '../state/model/compat-version.ts';
import { HOST } from '../state/model/host.ts';
import { INTERFACE } from '../state/model/interface.ts';
import type { HostRow, InterfaceRow, VersionRow } from '../state/read-rows.ts';
import { hostName, type State } from '../state/state.ts';
import { devicesOf } from './host-devices.ts';
import { documentMembers, type HostDocument, type InterfaceDocument, type VersionDocument } from './host-document.ts';

/** What a document is made of: a State gives all three. */
export interface HostContents {
  readonly host: HostRow;
  readonly versions: readonly VersionRow[];
  readonly interfaces: readonly InterfaceRow[];
}

/** One host of the database as a document, for other managers and for selection. */
export function describeHost(state: State, host: HostRow = state.host(), now: Date = new Date()): HostDocument {
  return hostDocument({ host, versions: state.versions(host), interfaces: state.interfaces(host) }, now);
}

/** `describeHost` of a host with thousands of interfaces, with turns for others in between. */
export async function describeHostInTurns(state: State, host: HostRow): Promise<HostDocument> {
  const document = hostDocument({ host, versions: state.versions(host), interfaces: [] }, new Date());
  return { ...document, interfaces: await mapInTurns(state.interfaces(host), interfaceDocument) };
}

export function hostDocument({ host, versions, interfaces }: HostContents, now: Date): HostDocument {
  const { backend, knownBy, staleSince } = host;
  const name = hostName(host);
  const { system_id, hostname, agent_version, ...others } = documentMembers(HOST, host);
  const documents = versions.map(versionDocument);
  return {
    ...{ format: 1, kind: 'vhost-compat host', host: name, system_id, hostname, agent_version },
    time: now.toISOString(),
    ...(staleSince === undefined ? {} : { stale_since: new Date(staleSince).toISOString() }),
    backend: {
      ...present({ name: backend.get('name'), release: backend.get('release'), known_by: knownBy }),
      ...documentMembers(HOST, host, 'backend'),
    },
    ...others,
    versions: documents,
    interfaces: interfaces.map(interfaceDocument),
    devices: devicesOf(name, documents, host.defaultVersion),
  };
}

export function versionDocument(row: VersionRow): VersionDocument {
  // as this release calls them, whatever the agent that wrote the row knew
  const names = featureNames(familyOf(row.deviceType), guestFeatures(row.virtioFeatures));
  return documentMembers(COMPAT_VERSION, { ...row, featureNames: names });
}

export function interfaceDocument(row: InterfaceRow): InterfaceDocument {
  return documentMembers(INTERFACE, row);
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function present<T extends Record<string, unknown>>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
