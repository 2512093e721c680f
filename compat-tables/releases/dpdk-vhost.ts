/**
 * What the vhost port of plain DPDK (net_vhost, as in testpmd) answers, release by release; server and client mode are
 * alike. The suffixes are device arguments: `+tso` is tso=1, `+no-tso` an explicit tso=0 where the default was 1, and
 * so on. From 23.11 to 23.11.2 the port answers its `queues` argument, which is 1 unless given.
 */
import type { Answers, ReleaseRow } from './release.ts';

// named after the first release that answers so
const FROM_16_11: Answers = { '': 0x154669983n, '+zero-copy': 0x154669983n };
const FROM_17_05: Answers = { '': 0x15466998bn, '+zero-copy': 0x15466998bn };
const FROM_17_11: Answers = {
  '': 0x15466998bn,
  '+iommu': { virtio: 0x35466998bn, protocol: 0x3fn },
  '+zero-copy': 0x15466998bn,
};
const FROM_18_02: Answers = {
  '': 0x17c66ffcbn,
  '+iommu': { virtio: 0x37c66ffcbn, protocol: 0x3fn },
  '+zero-copy': 0x17c66ffcbn,
};
const FROM_18_05: Answers = {
  '': 0x17c66ffcbn,
  '+iommu': { virtio: 0x37c66ffcbn, protocol: 0xbfn },
  '+zero-copy': 0x17c66ffcbn,
};
const FROM_18_08: Answers = {
  '': 0x97c66ffcbn,
  '+iommu': { virtio: 0xb7c66ffcbn, protocol: 0xcbfn },
  '+zero-copy': 0x17c66ffcbn,
};
const FROM_18_11: Answers = {
  '': 0xd7c66ffcbn,
  '+iommu': { virtio: 0xf7c66ffcbn, protocol: 0xcbfn },
  '+postcopy': { virtio: 0xd7c66ffcbn, protocol: 0xdb7n },
  '+zero-copy': 0x57c66ffcbn,
};
const FROM_19_11: Answers = {
  '': 0xd7c66ffcbn,
  '+iommu': { virtio: 0xf7c66ffcbn, protocol: 0xcbfn },
  '+postcopy': { virtio: 0xd7c66ffcbn, protocol: 0xdb7n },
  '+tso': 0xd7c66ffcbn,
  '+no-tso': 0xd7c66e7cbn,
  '+zero-copy': 0x57c66ffcbn,
};
const FROM_19_11_13: Answers = {
  '': 0xd7c66e7cbn,
  '+iommu': { virtio: 0xf7c66e7cbn, protocol: 0xcbfn },
  '+postcopy': { virtio: 0xd7c66e7cbn, protocol: 0xdb7n },
  '+tso': 0xd7c66ffcbn,
  '+zero-copy': 0x57c66e7cbn,
};
const TSO_BY_DEFAULT: Answers = {
  '': 0xd7c66ffcbn,
  '+iommu': 0xf7c66ffcbn,
  '+postcopy': { virtio: 0xd7c66ffcbn, protocol: 0x10dbfn },
  '+tso': 0xd7c66ffcbn,
  '+no-tso': 0xd7c66e7cbn,
  '+linear-buffer': 0xd7c66a7cbn,
};
const NO_TSO_BY_DEFAULT: Answers = {
  '': 0xd7c66e7cbn,
  '+iommu': 0xf7c66e7cbn,
  '+postcopy': { virtio: 0xd7c66e7cbn, protocol: 0x10dbfn },
  '+tso': 0xd7c66ffcbn,
  '+linear-buffer': 0xd7c66a7cbn,
};

export const DPDK_VHOST_RELEASES: readonly ReleaseRow[] = [
  { release: '16.07', last: '16.07.2', protocol: 0x7n, queuePairs: 32768, answers: { '': 0x144669983n } },
  { release: '16.11', last: '16.11.1', protocol: 0x7n, queuePairs: 32768, answers: FROM_16_11 },
  { release: '16.11.2', last: '16.11.11', protocol: 0x7n, answers: FROM_16_11 },
  { release: '17.02', last: '17.02', protocol: 0xfn, queuePairs: 32768, answers: FROM_16_11 },
  { release: '17.02.1', last: '17.02.1', protocol: 0xfn, answers: FROM_16_11 },
  { release: '17.05', last: '17.05.2', protocol: 0x17n, answers: FROM_17_05 },
  { release: '17.08', last: '17.08.2', protocol: 0x17n, answers: FROM_17_05 },
  { release: '17.11', last: '17.11.10', protocol: 0x37n, answers: FROM_17_11 },
  { release: '18.02', last: '18.02.2', protocol: 0x37n, answers: FROM_18_02 },
  { release: '18.05', last: '18.05.1', protocol: 0xb7n, answers: FROM_18_05 },
  { release: '18.08', last: '18.08.1', protocol: 0xcb7n, answers: FROM_18_08 },
  { release: '18.11', last: '18.11.11', protocol: 0xcb7n, answers: FROM_18_11 },
  { release: '19.11', last: '19.11.12', protocol: 0xcb7n, answers: FROM_19_11 },
  { release: '19.11.13', last: '19.11.14', protocol: 0xcb7n, answers: FROM_19_11_13 },
  { release: '20.11', last: '20.11.5', protocol: 0x10cbfn, answers: TSO_BY_DEFAULT },
  { release: '20.11.6', last: '20.11.10', protocol: 0x10cbfn, answers: NO_TSO_BY_DEFAULT },
  { release: '21.11', last: '21.11.1', protocol: 0x10cbfn, answers: TSO_BY_DEFAULT },
  { release: '21.11.2', last: '21.11.9', protocol: 0x10cbfn, answers: NO_TSO_BY_DEFAULT },
  { release: '22.11', last: '22.11.11', protocol: 0x10cbfn, answers: NO_TSO_BY_DEFAULT },
  {
    ...{ release: '23.11', last: '23.11.2', protocol: 0x10cbfn, queuePairs: 1, answers: NO_TSO_BY_DEFAULT },
    withdrawn: {
      since: 'DPDK 23.11.3',
      why: 'GET_QUEUE_NUM answers the queues argument, 1 unless given, so that no guest with several queue pairs comes back or moves there',
      use: 'dpdk-23.11.3',
    },
  },
  { release: '23.11.3', last: '23.11.7', protocol: 0x10cbfn, answers: NO_TSO_BY_DEFAULT },
  { release: '24.11', last: '24.11.6', protocol: 0x10cbfn, answers: NO_TSO_BY_DEFAULT },
  { release: '25.11', last: '25.11.2', protocol: 0x10cbfn, answers: NO_TSO_BY_DEFAULT },
];
