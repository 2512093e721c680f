/**
 * What the vhost-user ports of Open vSwitch with DPDK answer, release by release. Where a release has both, no suffix
 * means a client-mode port (dpdkvhostuserclient) and `+server` a server-mode port (dpdkvhostuser); 2.4 and 2.5 have
 * server mode only. `+tso` is userspace-tso-enable, `+iommu` vhost-iommu-support, `+postcopy` vhost-postcopy-support,
 * `+zero-copy` dq-zero-copy. With IOMMU or post-copy support, server-mode ports answer as without.
 */
import type { Answers, ReleaseRow } from './release.ts';

// named after the first release that answers so
const FROM_2_6: Answers = { '': 0x144668182n, '+server': 0x144668182n };
const FROM_2_9: Answers = {
  '': 0x15466818an,
  '+server': 0x15466818an,
  '+iommu': { virtio: 0x35466818an, protocol: 0x3fn },
  '+zero-copy': 0x15466818an,
};
const FROM_2_11: Answers = {
  '': 0xd7c66e7can,
  '+server': 0xd7c66e7can,
  '+iommu': { virtio: 0xf7c66e7can, protocol: 0xcbfn },
  '+zero-copy': 0x57c66e7can,
};
const FROM_2_12: Answers = {
  '': 0xd7c66e7can,
  '+server': 0xd7c66e7can,
  '+iommu': { virtio: 0xf7c66e7can, protocol: 0xcbfn },
  '+postcopy': { virtio: 0xd7c66e7can, protocol: 0xdb7n },
  '+zero-copy': 0x57c66e7can,
};
const FROM_2_13: Answers = {
  '': 0xd7c66a7can,
  '+server': 0xd7c66a7can,
  '+iommu': { virtio: 0xf7c66a7can, protocol: 0xcbfn },
  '+postcopy': { virtio: 0xd7c66a7can, protocol: 0xdb7n },
  '+tso': 0xd7c66ffcbn,
  '+server+tso': 0xd7c66a7cbn,
};
const FROM_2_13_1: Answers = { ...FROM_2_13, '+tso': 0xd7c669fcbn };
const FROM_2_14: Answers = {
  '': 0xd7c66a7can,
  '+server': 0xd7c66a7can,
  '+iommu': { virtio: 0xf7c66a7can, protocol: 0xcbfn },
  '+postcopy': { virtio: 0xd7c66a7can, protocol: 0xdb7n },
  '+zero-copy': 0x57c66ffcan,
  '+tso': 0xd7c669fcbn,
  '+server+tso': 0xd7c66a7cbn,
};
const FROM_2_15: Answers = {
  '': 0xd7c66a7can,
  '+server': 0xd7c66a7can,
  '+iommu': 0xf7c66a7can,
  '+postcopy': { virtio: 0xd7c66a7can, protocol: 0x10dbfn },
  '+tso': 0xd7c669fcbn,
  '+server+tso': 0xd7c66a7cbn,
};
const FROM_3_2: Answers = {
  '': 0xd7c66a7cbn,
  '+server': 0xd7c66a7can,
  '+iommu': 0xf7c66a7cbn,
  '+postcopy': { virtio: 0xd7c66a7cbn, protocol: 0x10dbfn },
  '+tso': 0xd7c669fcbn,
  '+server+tso': 0xd7c66a7cbn,
};

export const OVS_DPDK_RELEASES: readonly ReleaseRow[] = [
  { release: '2.4', last: '2.4.1', protocol: 0x0n, queuePairs: 1, answers: { '': 0x68000n } },
  { release: '2.5', last: '2.5.12', protocol: 0x1n, queuePairs: 32768, answers: { '': 0x144468000n } },
  { release: '2.6', last: '2.6.10', protocol: 0x7n, queuePairs: 32768, answers: FROM_2_6 },
  { release: '2.7', last: '2.7.0', protocol: 0x7n, queuePairs: 32768, answers: FROM_2_6 },
  { release: '2.7.1', last: '2.7.13', protocol: 0x7n, answers: FROM_2_6 },
  { release: '2.8', last: '2.8.11', protocol: 0x17n, answers: { '': 0x15466818an, '+server': 0x15466818an } },
  { release: '2.9', last: '2.9.9', protocol: 0x37n, answers: FROM_2_9 },
  { release: '2.10', last: '2.10.7', protocol: 0x37n, answers: FROM_2_9 },
  { release: '2.11', last: '2.11.7', protocol: 0xcb7n, answers: FROM_2_11 },
  { release: '2.12', last: '2.12.4', protocol: 0xcb7n, answers: FROM_2_12 },
  { release: '2.13', last: '2.13.0', protocol: 0xcb7n, answers: FROM_2_13 },
  { release: '2.13.1', last: '2.13.11', protocol: 0xcb7n, answers: FROM_2_13_1 },
  { release: '2.14', last: '2.14.9', protocol: 0xcb7n, answers: FROM_2_14 },
  { release: '2.15', last: '2.15.8', protocol: 0x10cbfn, answers: FROM_2_15 },
  { release: '2.16', last: '2.16.7', protocol: 0x10cbfn, answers: FROM_2_15 },
  { release: '2.17', last: '2.17.12', protocol: 0x10cbfn, answers: FROM_2_15 },
  { release: '3.0', last: '3.0.8', protocol: 0x10cbfn, answers: FROM_2_15 },
  { release: '3.1', last: '3.1.7', protocol: 0x10cbfn, answers: FROM_2_15 },
  { release: '3.2', last: '3.2.6', protocol: 0x10cbfn, answers: FROM_3_2 },
  { release: '3.3', last: '3.3.9', protocol: 0x10cbfn, answers: FROM_3_2 },
  { release: '3.4', last: '3.4.6', protocol: 0x10cbfn, answers: FROM_3_2 },
  { release: '3.5', last: '3.5.4', protocol: 0x10cbfn, answers: FROM_3_2 },
  { release: '3.6', last: '3.6.3', protocol: 0x10cbfn, answers: FROM_3_2 },
  { release: '3.7', last: '3.7.1', protocol: 0x10cbfn, answers: FROM_3_2 },
];
