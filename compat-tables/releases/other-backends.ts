/**
 * What back-ends beside Open vSwitch and DPDK answer, release by release. Rows of which the comment says "measured" were asked
 * over the socket; the others follow from the sources that the compat tables name. None of them takes rings of more than 1024
 * descriptors (libvhost-user, VIRTQUEUE_MAX_SIZE; SPDK, SPDK_VHOST_MAX_VQ_SIZE; virtiofsd, QUEUE_SIZE).
 */
import type { Answers, ReleaseRow } from './release.ts';

const RINGS = { ringSize: 1024 } as const;

/** passt --vhost-user, named by its date. 2025.05.03 (2025_05_03): measured. It has no MQ: one queue pair. */
export const PASST_RELEASES: readonly ReleaseRow[] = [
  { release: '2024.11.27', last: '2024.11.27', ...RINGS, protocol: 0x6n, queuePairs: 1, answers: { '': 0x144008000n } },
  {
    release: '2025.05.03',
    last: '2025.05.03',
    ...RINGS,
    protocol: 0x8000en,
    queuePairs: 1,
    answers: { '': 0x144008000n },
  },
];

/** An export that may be written (writable=on), and one that may not; one queue unless num-queues says otherwise. */
const EXPORT: Answers = { '': 0x175007e46n, '+read-only': 0x175007e66n };

/** qemu-storage-daemon --export type=vhost-user-blk: all measured. */
export const QEMU_STORAGE_DAEMON_RELEASES: readonly ReleaseRow[] = [
  { release: '5.2', last: '5.2.0', ...RINGS, protocol: 0x9f2bn, queuePairs: 1, answers: EXPORT },
  { release: '7.2', last: '7.2.22', ...RINGS, protocol: 0x8f2bn, queuePairs: 1, answers: EXPORT },
  { release: '10.0', last: '10.0.13', ...RINGS, protocol: 0x8f2bn, queuePairs: 1, answers: EXPORT },
];

/** DPDK's own, and CONFIG and INFLIGHT_SHMFD. */
const SPDK_BLK_PROTOCOL = 0x11ebfn;
/** DPDK's own, and INFLIGHT_SHMFD. */
const SPDK_SCSI_PROTOCOL = 0x11cbfn;
/** The settings are what the bdev can do: no suffix for flush and unmap (NVMe, malloc), `+portable` for neither. */
const SPDK_BLK_FROM_19_04: Answers = {
  '': 0x154007646n,
  '+portable': 0x154005446n,
  '+read-only': 0x154007666n,
  '+read-only+portable': 0x154005466n,
};

/** SPDK's vhost-blk controllers, from the sources. */
export const SPDK_BLK_RELEASES: readonly ReleaseRow[] = [
  { release: '19.04', last: '20.04.2', ...RINGS, protocol: SPDK_BLK_PROTOCOL, answers: SPDK_BLK_FROM_19_04 },
  { release: '20.07', last: '22.01.2', ...RINGS, protocol: SPDK_BLK_PROTOCOL, answers: { '': 0x554007646n } },
  { release: '22.05', last: '23.05.1', ...RINGS, protocol: SPDK_BLK_PROTOCOL, answers: { '': 0x55c007646n } },
  { release: '23.09', last: '26.01', ...RINGS, protocol: SPDK_BLK_PROTOCOL, answers: { '': 0x15c007646n } },
];

/** SPDK's vhost-scsi controllers, from the sources. */
export const SPDK_SCSI_RELEASES: readonly ReleaseRow[] = [
  { release: '18.04', last: '20.04.2', ...RINGS, protocol: SPDK_SCSI_PROTOCOL, answers: { '': 0x154000007n } },
  { release: '20.07', last: '22.01.2', ...RINGS, protocol: SPDK_SCSI_PROTOCOL, answers: { '': 0x554000007n } },
  { release: '22.05', last: '23.05.1', ...RINGS, protocol: SPDK_SCSI_PROTOCOL, answers: { '': 0x55c000007n } },
  { release: '23.09', last: '26.01', ...RINGS, protocol: SPDK_SCSI_PROTOCOL, answers: { '': 0x15c000007n } },
];

/** The virtiofsd in C of QEMU 5.0 to 7.2; 7.2 was measured. */
export const QEMU_VIRTIOFSD_RELEASES: readonly ReleaseRow[] = [
  { release: '5.0', last: '7.2.22', ...RINGS, protocol: 0x8c2bn, queuePairs: 2, answers: { '': 0x175000000n } },
];

/** virtiofsd in Rust: the first releases cannot hand over their state; 1.13.2 was measured. */
export const VIRTIOFSD_RELEASES: readonly ReleaseRow[] = [
  { release: '1.0', last: '1.10.1', ...RINGS, protocol: 0x8429n, queuePairs: 2, answers: { '': 0x170000000n } },
  { release: '1.11', last: '1.13.2', ...RINGS, protocol: 0x8a42bn, queuePairs: 2, answers: { '': 0x174000000n } },
];
