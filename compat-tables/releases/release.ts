/** A known back-end release: what it answers over the socket, as the data states it and as the rest of the code takes it. */
import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import type { Abilities } from '../entries/entry.ts';
import type { Withdrawal } from '../entries/withdrawal.ts';

/** By setting (`''`: the default): the virtio word, with the protocol features where they differ from the default. */
export type Answers = Readonly<Record<string, bigint | { readonly virtio: bigint; readonly protocol: bigint }>>;

/** Releases that answer alike in every setting. */
export interface ReleaseRow {
  /** The first release; it gives the name. */
  readonly release: string;
  /** The last release of the same line that answers so. */
  readonly last: string;
  readonly protocol: bigint;
  /** The answer to GET_QUEUE_NUM; 128 when absent, which DPDK gives since 16.11.2. */
  readonly queuePairs?: number;
  /** The most descriptors a ring may have; 32768 when absent. */
  readonly ringSize?: number;
  readonly answers: Answers;
  /** Known to be broken for guests that move or come back. */
  readonly withdrawn?: Withdrawal;
}

interface ProjectRow {
  /** The first words of the names of its releases. */
  readonly prefix: string;
  /** For people. */
  readonly title: string;
  readonly deviceType: string;
  /** One process of it serves one guest: nobody adds the interface of another guest to such a back-end. */
  readonly oneGuest?: true;
  /** It answers as many queues as it was started with. */
  readonly queuesAsStarted?: true;
}

const NET = { deviceType: DEFAULT_DEVICE_TYPE } as const;
const BLK = { deviceType: 'vhost-user-blk' } as const;
const FS = { deviceType: 'vhost-user-fs' } as const;

/** The projects whose releases are known. */
export const PROJECTS = {
  'ovs-dpdk': { prefix: 'ovs', title: 'Open vSwitch', ...NET },
  'dpdk-vhost': { prefix: 'dpdk', title: 'DPDK vhost port', ...NET },
  passt: { prefix: 'passt', title: 'passt', ...NET, oneGuest: true },
  'qemu-storage-daemon': { prefix: 'qemu-storage-daemon', title: 'qemu-storage-daemon', ...BLK, queuesAsStarted: true },
  'spdk-vhost-blk': { prefix: 'spdk-blk', title: 'SPDK vhost-blk', ...BLK },
  'spdk-vhost-scsi': { prefix: 'spdk-scsi', title: 'SPDK vhost-scsi', deviceType: 'vhost-user-scsi' },
  'qemu-virtiofsd': { prefix: 'qemu-virtiofsd', title: 'virtiofsd of QEMU', ...FS },
  virtiofsd: { prefix: 'virtiofsd', title: 'virtiofsd', ...FS },
} as const satisfies Record<string, ProjectRow>;
export type Project = keyof typeof PROJECTS;

/** The row of a project. */
export function projectOf(project: Project): ProjectRow {
  return PROJECTS[project];
}

/** Whether a version is named after a program of which each process serves one guest: no advice for the ports of a switch. */
export function isOfOneGuest(version: string): boolean {
  return Object.keys(PROJECTS).some(
    (project) => projectOf(project as Project).oneGuest === true && version.startsWith(`upstream.${project}.`),
  );
}

/** One release in one setting. */
export interface BackendRelease {
  /** `ovs-3.1+tso`, `dpdk-22.11`. */
  readonly name: string;
  readonly project: Project;
  readonly deviceType: string;
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
  /** Known to be broken. */
  readonly withdrawn?: Withdrawal;
}

/** The specification's limit (virtio, section 2.7); DPDK takes that much, its older releases without a check. */
const RING_SIZE = 32768;

/** One release for each setting of each row. */
export function releasesOf(project: Project, rows: readonly ReleaseRow[]): BackendRelease[] {
  const { prefix, deviceType } = projectOf(project);
  return rows.flatMap(({ release, last, protocol, queuePairs = 128, ringSize = RING_SIZE, answers, withdrawn }) =>
    Object.entries(answers).map(([setting, answer]) => {
      const words = typeof answer === 'bigint' ? { virtio: answer, protocol } : answer;
      return {
        name: `${prefix}-${release}${setting}`,
        project,
        deviceType,
        release,
        last,
        setting,
        virtioFeatures: words.virtio,
        protocolFeatures: words.protocol,
        queuePairs,
        ringSize,
        ...(withdrawn === undefined ? {} : { withdrawn }),
      };
    }),
  );
}

/** The abilities that a measurement of the release would give. */
export function abilitiesOf({ virtioFeatures, protocolFeatures, queuePairs, ringSize }: BackendRelease): Abilities {
  return { virtioFeatures, protocolFeatures, limits: { queue_pairs: queuePairs, ring_size: ringSize } };
}

/** What the release decides about: the abilities without a number of queues that follows from how it is started. */
export function abilitiesDecided(release: BackendRelease): Abilities {
  const abilities = abilitiesOf(release);
  if (projectOf(release.project).queuesAsStarted !== true) return abilities;
  return { ...abilities, limits: { ring_size: release.ringSize } };
}
