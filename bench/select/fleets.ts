// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of documents
/** Fleets of 10,000 hosts × 20 versions, as the texts of the documents that their agents would write. */
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';

export const HOSTS = Number(process.env['HOSTS'] ?? 10_000);
export const VERSIONS = 20;

export interface Fleet {
  readonly name: string;
  /** One document of each host. */
  readonly texts: readonly string[];
}

const names = Array.from({ length: VERSIONS }, (_, place) => `upstream.ovs-dpdk.v${3 + VERSIONS - place}.0`);

function version(place: number, preference: number, usable: boolean) {
  return {
    ...{ version: names[place] ?? '', device_type: DEFAULT_DEVICE_TYPE, preference, virtio_features: '0xd7c66a7cb' },
    ...{ feature_names: ['VIRTIO_NET_F_CSUM', 'VIRTIO_NET_F_MTU', 'VIRTIO_NET_F_MQ'], limits: { queue_pairs: 128 } },
    ...{ digest: (place + 16).toString(16).repeat(32), tier: 'both-ways', usable, covers: ['Open vSwitch'] },
    ...{ summary: 'For a bench.', origin: 'bench.json' },
    blockers: usable
      ? []
      : [{ code: 'VC-MODE-FEATURES', text: 'the back-end does not offer it', missing: ['VIRTIO_NET_F_CSUM'] }],
  };
}

/** `place` of each version in the host's order, and whether it can honour it. */
type List = readonly { readonly place: number; readonly usable: boolean }[];

function texts(listOf: (host: number) => List): string[] {
  return Array.from({ length: HOSTS }, (_, host) =>
    JSON.stringify({
      ...{
        format: 1,
        kind: 'vhost-compat host',
        host: `node${host}`,
        system_id: `id-${host}`,
        hostname: `node${host}`,
      },
      ...{ agent_version: '1.0', time: '2026-01-02T03:04:05.000Z', backend: { limits: {} }, interfaces: [] },
      versions: listOf(host).map(({ place, usable }, preference) => version(place, preference, usable)),
    }),
  );
}

/** A few releases of the back-end, one table everywhere: each release lacks the newest versions. */
export function releases(): Fleet {
  const list = (host: number): List =>
    names.map((_, place) => ({ place, usable: place >= (host % 7) * 2 && place !== (host % 3) + 14 }));
  return { name: 'seven releases, one table', texts: texts(list) };
}

/** No two hosts alike: the order turns, and which of the first ten are usable is the host's number in bits. */
export function strangers(): Fleet {
  const list = (host: number): List => {
    const turn = host % VERSIONS;
    return names.map((_, index) => {
      const place = (index + turn) % VERSIONS;
      return { place, usable: place >= 10 || ((Math.floor(host / VERSIONS) >> place) & 1) === 1 };
    });
  };
  return { name: 'no two hosts alike', texts: texts(list) };
}

/** Devices of four sizes with twenty entries each, half of them with variables. */
export function devices(): Fleet {
  const sizes = [1, 2, 4, 8];
  const compatible = Array.from({ length: VERSIONS }, (_, place) =>
    place % 2 === 0
      ? { version: `gen${place}`, fields: { generation: place } }
      : {
          version: `gen${place}_x\${aggr}`,
          fields: { generation: place, aggregator: '${aggr}' },
          variables: { aggr: { type: 'integer', values: sizes } },
        },
  );
  const texts = Array.from({ length: HOSTS }, (_, host) => {
    const aggregator = sizes[host % sizes.length] ?? 1;
    const self = { device_type: 'vgpu', version: `gen1_x${aggregator}`, fields: { generation: 1, aggregator } };
    return JSON.stringify({ format: 1, kind: 'vhost-compat device', host: `node${host}`, self, compatible });
  });
  return { name: 'device documents with variables', texts };
}
