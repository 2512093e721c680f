/** A known back-end release: what it answers over the socket, as the data states it and as the rest of the code takes it. */
import type { Abilities } from '../entries/entry.ts';

/** By setting (`''`: the default): the virtio word, with the protocol features where they differ from the default. */
export type Answers = Readonly<Record<string, bigint | { readonly virtio: bigint; readonly protocol: bigint }>>;

/** Releases that answer alike in every setting. */
export interface ReleaseRow {
  /** The first release; it gives the name. */
  readonly release: string;
  /** The last release of the same line that answers so. */
  readonly last: string;
  readonly protocol: bigint;
  /** 128 when absent, which DPDK gives since 16.11.2. */
  readonly queuePairs?: number;
  readonly answers: Answers;
}

/** The projects whose releases are known: the first word of their names, and their title for people. */
export const PROJECTS = {
  'ovs-dpdk': { prefix: 'ovs', title: 'Open vSwitch' },
  'dpdk-vhost': { prefix: 'dpdk', title: 'DPDK vhost port' },
} as const;
export type Project = keyof typeof PROJECTS;

/** One release in one setting. */
export interface BackendRelease {
  /** `ovs-3.1+tso`, `dpdk-22.11`. */
  readonly name: string;
  readonly project: Project;
  readonly release: string;
  /** The last release that answers so: `release` to `last` are the same here. */
  readonly last: string;
  /** `''`, `+server`, `+tso`, … */
  readonly setting: string;
  readonly virtioFeatures: bigint;
  readonly protocolFeatures: bigint;
  /** The answer to GET_QUEUE_NUM; 1 where the release does not know the message. */
  readonly queuePairs: number;
  /** The most descriptors a ring may have. */
  readonly ringSize: number;
}

/** The specification's limit (virtio, section 2.7); every release takes that much, the older ones without a check. */
const RING_SIZE = 32768;

/** One release for each setting of each row. */
export function releasesOf(project: Project, rows: readonly ReleaseRow[]): BackendRelease[] {
  return rows.flatMap(({ release, last, protocol, queuePairs = 128, answers }) =>
    Object.entries(answers).map(([setting, answer]) => {
      const words = typeof answer === 'bigint' ? { virtio: answer, protocol } : answer;
      return {
        name: `${PROJECTS[project].prefix}-${release}${setting}`,
        project,
        release,
        last,
        setting,
        virtioFeatures: words.virtio,
        protocolFeatures: words.protocol,
        queuePairs,
        ringSize: RING_SIZE,
      };
    }),
  );
}

/** The abilities that a measurement of the release would give. */
export function abilitiesOf({ virtioFeatures, protocolFeatures, queuePairs, ringSize }: BackendRelease): Abilities {
  return { virtioFeatures, protocolFeatures, limits: { queue_pairs: queuePairs, ring_size: ringSize } };
}
