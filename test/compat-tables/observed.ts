/**
 * Answers of real back-ends, asked over the vhost-user socket: packages of Debian 11, 12 and 13. Each stands beside the
 * release of our data that it should equal, and the version that the tables assign to it. passt has no MQ, and one queue pair.
 */
export interface Observed {
  readonly label: string;
  readonly features: bigint;
  readonly protocol: bigint;
  readonly queueNum: number;
  readonly release: string;
  readonly version: string;
}

// label, GET_FEATURES, GET_PROTOCOL_FEATURES, GET_QUEUE_NUM, release, version. Only the series of the 20.11 package is
// known; its answers are those of the stable releases that have the tso fix.
// biome-ignore format: one answer in one line
const ROWS: readonly (readonly [string, bigint, bigint, number, string, string])[] = [
  ['dpdk-22.11-testpmd-vhost-pmd', 0xd7c66e7cbn, 0x10cbfn, 128, 'dpdk-22.11.11', 'upstream.dpdk-vhost.v19.11.13'],
  ['dpdk-22.11-testpmd-vhost-pmd-iommu-support=1', 0xf7c66e7cbn, 0x10cbfn, 128, 'dpdk-22.11.11+iommu', 'upstream.dpdk-vhost.v19.11.13+iommu'],
  ['dpdk-22.11-testpmd-vhost-pmd-tso=1', 0xd7c66ffcbn, 0x10cbfn, 128, 'dpdk-22.11.11+tso', 'upstream.dpdk-vhost.v18.11'],
  ['dpdk-22.11-testpmd-vhost-pmd-linear-buffer=1', 0xd7c66a7cbn, 0x10cbfn, 128, 'dpdk-22.11.11+linear-buffer', 'upstream.dpdk-vhost.v20.11+linear-buffer'],
  ['dpdk-22.11-testpmd-vhost-pmd-ext-buffer=1', 0xd7c66e7cbn, 0x10cbfn, 128, 'dpdk-22.11.11', 'upstream.dpdk-vhost.v19.11.13'],
  ['dpdk-22.11-testpmd-vhost-pmd-postcopy-support=1', 0xd7c66e7cbn, 0x10dbfn, 128, 'dpdk-22.11.11+postcopy', 'upstream.dpdk-vhost.v19.11.13'],
  ['dpdk-22.11-testpmd-vhost-pmd-legacy-ol-flags=1', 0xd7c66e7cbn, 0x10cbfn, 128, 'dpdk-22.11.11', 'upstream.dpdk-vhost.v19.11.13'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuser-default', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-3.1.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuserclient-default', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-3.1.0', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuser-tso', 0xd7c66a7cbn, 0x10cbfn, 128, 'ovs-3.1.0+server+tso', 'upstream.ovs-dpdk.v3.2'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuserclient-tso', 0xd7c669fcbn, 0x10cbfn, 128, 'ovs-3.1.0+tso', 'upstream.ovs-dpdk.v2.13.1+tso'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuser-iommu', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-3.1.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuserclient-iommu', 0xf7c66a7can, 0x10cbfn, 128, 'ovs-3.1.0+iommu', 'upstream.ovs-dpdk.v2.13+iommu'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuser-postcopy', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-3.1.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-3.1.0-dpdk-22.11-dpdkvhostuserclient-postcopy', 0xd7c66a7can, 0x10dbfn, 128, 'ovs-3.1.0+postcopy', 'upstream.ovs-dpdk.v2.13'],
  ['dpdk-24.11-testpmd-vhost-pmd', 0xd7c66e7cbn, 0x10cbfn, 128, 'dpdk-24.11.4', 'upstream.dpdk-vhost.v19.11.13'],
  ['dpdk-24.11-testpmd-vhost-pmd-iommu-support=1', 0xf7c66e7cbn, 0x10cbfn, 128, 'dpdk-24.11.4+iommu', 'upstream.dpdk-vhost.v19.11.13+iommu'],
  ['dpdk-24.11-testpmd-vhost-pmd-tso=1', 0xd7c66ffcbn, 0x10cbfn, 128, 'dpdk-24.11.4+tso', 'upstream.dpdk-vhost.v18.11'],
  ['dpdk-24.11-testpmd-vhost-pmd-linear-buffer=1', 0xd7c66a7cbn, 0x10cbfn, 128, 'dpdk-24.11.4+linear-buffer', 'upstream.dpdk-vhost.v20.11+linear-buffer'],
  ['dpdk-24.11-testpmd-vhost-pmd-postcopy-support=1', 0xd7c66e7cbn, 0x10dbfn, 128, 'dpdk-24.11.4+postcopy', 'upstream.dpdk-vhost.v19.11.13'],
  ['dpdk-20.11-testpmd-vhost-pmd', 0xd7c66e7cbn, 0x10cbfn, 128, 'dpdk-20.11.10', 'upstream.dpdk-vhost.v19.11.13'],
  ['dpdk-20.11-testpmd-vhost-pmd-iommu-support=1', 0xf7c66e7cbn, 0x10cbfn, 128, 'dpdk-20.11.10+iommu', 'upstream.dpdk-vhost.v19.11.13+iommu'],
  ['dpdk-20.11-testpmd-vhost-pmd-tso=1', 0xd7c66ffcbn, 0x10cbfn, 128, 'dpdk-20.11.10+tso', 'upstream.dpdk-vhost.v18.11'],
  ['dpdk-20.11-testpmd-vhost-pmd-linear-buffer=1', 0xd7c66a7cbn, 0x10cbfn, 128, 'dpdk-20.11.10+linear-buffer', 'upstream.dpdk-vhost.v20.11+linear-buffer'],
  ['dpdk-20.11-testpmd-vhost-pmd-postcopy-support=1', 0xd7c66e7cbn, 0x10dbfn, 128, 'dpdk-20.11.10+postcopy', 'upstream.dpdk-vhost.v19.11.13'],
  ['ovs-3.5.0-dpdkvhostuser-default', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-3.5.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-3.5.0-dpdkvhostuserclient-default', 0xd7c66a7cbn, 0x10cbfn, 128, 'ovs-3.5.0', 'upstream.ovs-dpdk.v3.2'],
  ['ovs-3.5.0-dpdkvhostuser-tso', 0xd7c66a7cbn, 0x10cbfn, 128, 'ovs-3.5.0+server+tso', 'upstream.ovs-dpdk.v3.2'],
  ['ovs-3.5.0-dpdkvhostuserclient-tso', 0xd7c669fcbn, 0x10cbfn, 128, 'ovs-3.5.0+tso', 'upstream.ovs-dpdk.v2.13.1+tso'],
  ['ovs-3.5.0-dpdkvhostuser-iommu', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-3.5.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-3.5.0-dpdkvhostuserclient-iommu', 0xf7c66a7cbn, 0x10cbfn, 128, 'ovs-3.5.0+iommu', 'upstream.ovs-dpdk.v3.2+iommu'],
  ['ovs-3.5.0-dpdkvhostuser-postcopy', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-3.5.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-3.5.0-dpdkvhostuserclient-postcopy', 0xd7c66a7cbn, 0x10dbfn, 128, 'ovs-3.5.0+postcopy', 'upstream.ovs-dpdk.v3.2'],
  ['ovs-2.15.0-dpdkvhostuser-default', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-2.15.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-2.15.0-dpdkvhostuserclient-default', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-2.15.0', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-2.15.0-dpdkvhostuser-tso', 0xd7c66a7cbn, 0x10cbfn, 128, 'ovs-2.15.0+server+tso', 'upstream.ovs-dpdk.v3.2'],
  ['ovs-2.15.0-dpdkvhostuserclient-tso', 0xd7c669fcbn, 0x10cbfn, 128, 'ovs-2.15.0+tso', 'upstream.ovs-dpdk.v2.13.1+tso'],
  ['ovs-2.15.0-dpdkvhostuser-iommu', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-2.15.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-2.15.0-dpdkvhostuserclient-iommu', 0xf7c66a7can, 0x10cbfn, 128, 'ovs-2.15.0+iommu', 'upstream.ovs-dpdk.v2.13+iommu'],
  ['ovs-2.15.0-dpdkvhostuser-postcopy', 0xd7c66a7can, 0x10cbfn, 128, 'ovs-2.15.0+server', 'upstream.ovs-dpdk.v2.13'],
  ['ovs-2.15.0-dpdkvhostuserclient-postcopy', 0xd7c66a7can, 0x10dbfn, 128, 'ovs-2.15.0+postcopy', 'upstream.ovs-dpdk.v2.13'],
  ['passt-20250503', 0x144008000n, 0x8000en, 1, 'passt-2025.05.03', 'upstream.passt.v2024.11.27'],
  ['qemu-storage-daemon-5.2.0-vhost-user-blk', 0x175007e46n, 0x9f2bn, 1, 'qemu-storage-daemon-5.2.0', 'upstream.qemu-storage-daemon.v5.2'],
  ['qemu-storage-daemon-7.2.22-vhost-user-blk', 0x175007e46n, 0x8f2bn, 1, 'qemu-storage-daemon-7.2.22', 'upstream.qemu-storage-daemon.v5.2'],
  ['qemu-storage-daemon-7.2.22-vhost-user-blk-read-only', 0x175007e66n, 0x8f2bn, 1, 'qemu-storage-daemon-7.2.22+read-only', 'upstream.qemu-storage-daemon.v5.2+read-only'],
  ['qemu-storage-daemon-10.0.13-vhost-user-blk', 0x175007e46n, 0x8f2bn, 1, 'qemu-storage-daemon-10.0.13', 'upstream.qemu-storage-daemon.v5.2'],
  ['virtiofsd-C-7.2', 0x175000000n, 0x8c2bn, 2, 'qemu-virtiofsd-7.2', 'upstream.qemu-virtiofsd.v5.0'],
  ['virtiofsd-rust-1.13.2', 0x174000000n, 0x8a42bn, 2, 'virtiofsd-1.13.2', 'upstream.virtiofsd.v1.0'],
];

export const OBSERVED: readonly Observed[] = ROWS.map(([label, features, protocol, queueNum, release, version]) => ({
  label,
  features,
  protocol,
  queueNum,
  release,
  version,
}));
