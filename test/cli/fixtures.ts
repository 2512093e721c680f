import { maskOf } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { VIRTIO_NET } from '../../compat-tables/bits/virtio-net.ts';
import { checkEntry } from '../../compat-tables/compare/check-entry.ts';
import { digestOf } from '../../compat-tables/entries/digest.ts';
import type { Abilities, Entry } from '../../compat-tables/entries/entry.ts';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { namedUuid, ovsSet } from '../../rpc/ovsdb/notation/values.ts';
import { encodeHost, encodeInterfaceStatus, encodeVersion } from '../../rpc/state/encode-rows.ts';
import type { Columns } from '../../rpc/state/model/column.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';

/** Made-up versions and hosts, small enough to be read in a golden file. */

const BASE = maskOf(VIRTIO_NET, 'MRG_RXBUF', 'VERSION_1');
const CONTROL = maskOf(VIRTIO_NET, 'LOG_ALL', 'PROTOCOL_FEATURES');
const MQ = maskOf(VIRTIO_NET, 'MQ');
const PACKED = maskOf(VIRTIO_NET, 'RING_PACKED', 'IN_ORDER');

export const OLD_BACKEND: Abilities = {
  virtioFeatures: BASE | MQ | CONTROL,
  protocolFeatures: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD'),
  limits: { queue_pairs: 8 },
};
export const NEW_BACKEND: Abilities = {
  virtioFeatures: BASE | MQ | PACKED | CONTROL,
  protocolFeatures: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD', 'REPLY_ACK'),
  limits: { queue_pairs: 128 },
};

function entry(version: string, virtioFeatures: bigint, more: Partial<Entry> = {}): Entry {
  const bare: Entry = {
    version,
    deviceType: 'vhost-user-net',
    virtioFeatures,
    protocolFeatures: undefined,
    requiredProtocolFeatures: 0n,
    limits: {},
    tier: 'both-ways',
    summary: `Summary of ${version}, "quoted"`,
    covers: [],
    sources: ['example/repository v1 file.c'],
    origin: '/etc/vhost-compat/tables/10-site.json',
    digest: '',
    ...more,
  };
  return { ...bare, digest: digestOf(bare) };
}

/** Most preferred first. */
export const ENTRIES: readonly Entry[] = [
  entry('site.packed', BASE | MQ | PACKED, {
    limits: { queue_pairs: 16 },
    requiredProtocolFeatures: maskOf(PROTOCOL, 'REPLY_ACK'),
    covers: ['Example 3.0', 'Example 3.1'],
  }),
  entry('site.mq', BASE | MQ, { protocolFeatures: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD') }),
  entry('site.base', BASE, { tier: 'forward-only' }),
];

export interface HostFixture {
  readonly systemId: string;
  readonly hostname: string;
  readonly abilities: Abilities | undefined;
  readonly entries?: readonly Entry[];
  /** By name: the Interface columns beside it. */
  readonly interfaces?: Readonly<Record<string, Columns>>;
  readonly defaultVersion?: string;
  /** When its agent was alive, milliseconds since 1970. */
  readonly heartbeat?: number;
}

const STATUS = encodeInterfaceStatus({
  state: 'negotiated',
  inForce: 'site.packed',
  nextStart: 'site.mq',
  abilities: NEW_BACKEND,
  offeredFeatures: BASE | MQ | PACKED | CONTROL,
  ackedFeatures: BASE | CONTROL,
  ackedProtocolFeatures: maskOf(PROTOCOL, 'MQ', 'LOG_SHMFD'),
  queuePairs: 1,
  ringSizes: new Map([
    [1, 256],
    [0, 1024],
  ]),
  since: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  peer: new Map([['pid', '4711']]),
  statistics: new Map<string, number | bigint>([['messages', 42]]),
});

export const NEW_HOST: HostFixture = {
  systemId: 'id-new',
  hostname: 'newhost',
  abilities: NEW_BACKEND,
  interfaces: {
    vhu1: { frontend: 'listen:/run/vm/vhu1', backend: 'connect:/run/ovs/vhu1', version: 'site.mq', ...STATUS },
    vhu0: {
      frontend: 'connect:/run/vm/vhu0',
      backend: 'listen:/run/ovs/vhu0',
      ...encodeInterfaceStatus({
        state: 'refused',
        nextStart: 'site.packed',
        error: 'VC-MODE-FEATURES',
        errorDetail: 'Cannot honour site.packed: the back-end does not offer VIRTIO_F_IN_ORDER',
      }),
    },
  },
};
export const OLD_HOST: HostFixture = {
  systemId: 'id-old',
  hostname: 'oldhost',
  abilities: OLD_BACKEND,
  defaultVersion: 'site.base',
};

/** The operations that put a host into an empty database. */
function hostOperations(host: HostFixture): Json[] {
  const entries = host.entries ?? ENTRIES;
  const interfaces = Object.entries(host.interfaces ?? {});
  const insert = (table: string, row: Columns, name: string): Json => ({ op: 'insert', table, row, 'uuid-name': name });
  return [
    ...entries.map((one, index) =>
      insert('Compat_Version', encodeVersion(one, checkEntry(one, host.abilities), index), `v${index}`),
    ),
    ...interfaces.map(([name, row], index) =>
      insert('Interface', { name, device_type: 'vhost-user-net', ...row }, `i${index}`),
    ),
    ...(host.heartbeat === undefined
      ? []
      : [insert('Host_Private', { system_id: host.systemId, heartbeat: host.heartbeat }, 'life')]),
    insert(
      'Host',
      {
        ...encodeHost({
          systemId: host.systemId,
          hostname: host.hostname,
          agentVersion: '0.1.0',
          backend: { name: 'example', release: '3.1' },
          knownBy: host.abilities === undefined ? undefined : 'measured',
          abilities: host.abilities,
        }),
        versions: ovsSet(entries.map((_, index) => namedUuid(`v${index}`))),
        interfaces: ovsSet(interfaces.map((_, index) => namedUuid(`i${index}`))),
        ...(host.defaultVersion === undefined ? {} : { default_version: host.defaultVersion }),
      },
      'host',
    ),
  ];
}

export async function putHosts(remote: string, ...hosts: readonly HostFixture[]): Promise<void> {
  const client = new OvsdbClient(remote, { reconnect: false });
  await client.connect(5000);
  try {
    for (const host of hosts) await client.transact(DATABASE, hostOperations(host));
  } finally {
    client.close();
  }
}
