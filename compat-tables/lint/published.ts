/**
 * Every entry that was ever shipped, with its digest. A line is added with each new entry and never changed or taken away:
 * somewhere a guest runs in it. Key: device type and version.
 */
export const PUBLISHED: Readonly<Record<string, string>> = {
  'vhost-user-net upstream.ovs-dpdk.v3.2': '676ef850cb3ffa54477af487b7ed0178a76ff07be80ba7894ee2fc52b1a72423',
  'vhost-user-net upstream.ovs-dpdk.v3.2+iommu': 'c5bb6c21a030b40032497b3c44737e16c133b44ba96ce7dafdcc96e3a46b63cc',
  'vhost-user-net upstream.ovs-dpdk.v2.13': '5a7117cc0fcc155b6f7c9799b7b688103582b60dadd0e2b8fd7023881b5e328d',
  'vhost-user-net upstream.ovs-dpdk.v2.13.1+tso': '1d3c4d082290f96e13b90c8b2f796707b8150d3352f15bb4caa3a69cf6fc173d',
  'vhost-user-net upstream.ovs-dpdk.v2.13+tso': '1f7f62ac7bbbffcb5f2aa11eae6776a7800e0f10c88dd7e62baf876b0af70c5a',
  'vhost-user-net upstream.ovs-dpdk.v2.13+iommu': '1ee5bb51e0c6caa62461dfbfba4d9fa065af2c95e3d499d1dff910bc55b25d48',
  'vhost-user-net upstream.ovs-dpdk.v2.14+zero-copy':
    '5a013a320552cc5527b0725ace81b550e5207f86e3d5886842370b57d857579d',
  'vhost-user-net upstream.ovs-dpdk.v2.11': 'a9cfc49c047d06db090ab53d80178ff95980406e4398d073617b3e84248e73d3',
  'vhost-user-net upstream.ovs-dpdk.v2.11+iommu': '712f245f75a9b774d46480f5b0d4ef9d34735e054ccbae51a7192a076ca9fc50',
  'vhost-user-net upstream.ovs-dpdk.v2.11+zero-copy':
    '1931f539abeb5cf0500f02d6a11d6b94a922b12ec6c38111b2e63528c53ddfcd',
  'vhost-user-net upstream.ovs-dpdk.v3.2+portable': 'fc72f73eac11497d402986e4764bb7d88e78210deaa28ed3eabef3be577ac3ee',
  'vhost-user-net upstream.ovs-dpdk.v2.15+portable': '90eb35b12e95a4abb86550cd47e06d4be7bee885ea2757fdad677b992f57de10',
  'vhost-user-net upstream.ovs-dpdk.v2.11+portable': '94eefb7c136f98610236c8557f430b817cad0edebabc5a1398683b0737a5ce75',
  'vhost-user-net upstream.ovs-dpdk.v2.8': 'e53e19377f2bd57177fda8f914916c1d748ecd776f5fca6f8c178a00e45cdc53',
  'vhost-user-net upstream.ovs-dpdk.v2.9+iommu': 'cec7212e719f92000b91a44cecdb16d6dd7fa7972f39d1d4817c719a75e5a2ce',
  'vhost-user-net upstream.ovs-dpdk.v2.6': '2386a02362e1f194989217cb65d1a3ba6c9e1832badbb7fe6b0c53c6920eb337',
  'vhost-user-net upstream.dpdk-vhost.v19.11.13': 'ef6d9d819fb9ac189e4ceacc63551bf7b08a458ed5e78941791603743fa70259',
  'vhost-user-net upstream.dpdk-vhost.v19.11.13+iommu':
    '8eef9154c7a6ee7ac8b5e4ff4a21a6ccc31d35891c983e618cf3b08e8c919e66',
  'vhost-user-net upstream.dpdk-vhost.v20.11+linear-buffer':
    '544aeb891389e6682356f66ade1f050eae8d2230b0290c5d9da7660ae6048615',
  'vhost-user-net upstream.dpdk-vhost.v19.11.13+zero-copy':
    'a7dc99263ec54720ce61a71c00898062c741f68d48acb6134547226653c57d31',
  'vhost-user-net upstream.dpdk-vhost.v23.11': '70e5515d643fbb39bca24ab9a7d6a3b4b6854eb2b86fba4d1264295ab293ab89',
  'vhost-user-net upstream.dpdk-vhost.v23.11+tso': '7cfec93310d4d35db21ed717914fdb2e908fa9c6b4554e01a5f96223b0d7ca36',
  'vhost-user-net upstream.dpdk-vhost.v23.11+iommu': '5073bb9946ffe74805c6b31058d7ae37f5a29a3682d4a7af1b5f3e5bbb8bc21c',
  'vhost-user-net upstream.dpdk-vhost.v23.11+linear-buffer':
    'e5fb11dd54e6a254b8875db8c885f66769bec9a3ed40dcd41cba628a2dcd061f',
  'vhost-user-net upstream.dpdk-vhost.v18.11': 'bb94eb4e6ce5ebba173164bc0ca2ede7fbcac3149637b99cbaa7b9b2153a7956',
  'vhost-user-net upstream.dpdk-vhost.v18.11+iommu': '80e4facab92298808f8d32775d3c6b3f0a0d6cb44cd641de9a4f29c1d5aa1b40',
  'vhost-user-net upstream.dpdk-vhost.v18.11+zero-copy':
    '41863421e9b0a9c83fdafc010547552205dec1132ed12705e9682af795403e85',
  'vhost-user-net upstream.dpdk-vhost.v18.08': 'ab087e852fb4cae3ef403155c3a7f2c9eebaa0e9554e00eb7d677a1ceaab1729',
  'vhost-user-net upstream.dpdk-vhost.v18.08+iommu': '6ca0640fea88212c604c227ccb4700f16c29b5cc06997bbe097104a67ffef50f',
  'vhost-user-net upstream.dpdk-vhost.v18.02': 'fdf42a85d0c6018ba4128bf07b791545082b50cd359a931a671ce7fe150048bb',
  'vhost-user-net upstream.dpdk-vhost.v18.02+iommu': '8694d1abef441506011d54d1e3fe282d12a9203382c491e4e5219f9972f9f6bd',
  'vhost-user-net upstream.dpdk-vhost.v17.05': '59261d3395c21b9b2ee28fdffea5daec9a7bce1b819cb0f38919a592d924be02',
  'vhost-user-net upstream.dpdk-vhost.v17.11+iommu': '79cb81753627ea27c1dc75ff492636171a1ad4aad1732f61a3ff1ae1173c4f6c',
  'vhost-user-net upstream.dpdk-vhost.v16.11': 'eedf53d96a035644f06cb818842775030f924ef9629fe57b64257ef9815b72c7',
  'vhost-user-net upstream.dpdk-vhost.v16.07': '37ce4c9d98e6260846c2b7752055e32ee980fb79cb7f10b1b22ee68ad8b18d7d',
  'vhost-user-net upstream.ovs-dpdk.v2.5': '8104cd98d857f8571ec6f6f54207909e73a2723a84c02172593d98ab9bd029ee',
  'vhost-user-net upstream.ovs-dpdk.v2.4': '1dbc264ea310216dedb4d59db79d6e88bf47e62088de45542a2f76d7aa7654fd',
  'vhost-user-blk upstream.qemu-storage-daemon.v5.2+read-only':
    '39ba526574a1dae424a174f6027a707222d8bc70ab87fdf09a9c32f91bd857fa',
  'vhost-user-blk upstream.qemu-storage-daemon.v5.2':
    'e494ddf2014400e137128f769e5d6b23ea8a9017ad9b13839503a787e1212eea',
  'vhost-user-blk upstream.spdk-vhost-blk.v19.04+read-only':
    '0651c2fafc25b6698cb9c1a55a05185b3cc505c5b6efd0b268637f1a0720c782',
  'vhost-user-blk upstream.spdk-vhost-blk.v19.04+read-only+portable':
    '4ca26b675fa08badfa30f6c91112acbd8b551ecfe05045a91e02959b6ab5def3',
  'vhost-user-blk upstream.spdk-vhost-blk.v22.05': 'd04241359625aac645daef5a723bdf48bbadb55a9e967f9701dbf81180215e9e',
  'vhost-user-blk upstream.spdk-vhost-blk.v20.07': '6453046f3db687ec36f323b809afbf96d7224d2dc1ebd2b9e188f09cb0e6416d',
  'vhost-user-blk upstream.spdk-vhost-blk.v23.09': 'f835788608c13451d3d46c4a636c2b9de159ee1561cb47fec64078fa4b6d38eb',
  'vhost-user-blk upstream.spdk-vhost-blk.v19.04': '24178018215a306beb0eb53affaf4e642f80738028a71b597c0eb36f95c0686f',
  'vhost-user-blk upstream.spdk-vhost-blk.v19.04+portable':
    '73de514a333fed18699884ca455a929fd69c5c3d253c6397c578179df63e50b4',
  'vhost-user-scsi upstream.spdk-vhost-scsi.v22.05': '0875d862554ac8ad5842852b0454c599dde76d90d4ca89fe41bd5d598fbe6a76',
  'vhost-user-scsi upstream.spdk-vhost-scsi.v20.07': 'ea8706ff89705eb1482a32e498fd6bc0c3b9dcf19bb38d20be119125185e9b37',
  'vhost-user-scsi upstream.spdk-vhost-scsi.v23.09': 'd8262eea9dec3dbd442379581d1afbaeff5ed82fc74d1b06333812f6b10106d7',
  'vhost-user-scsi upstream.spdk-vhost-scsi.v18.04': 'f24f6f25b48015f7718cd4b3f1eb3e9990a719630e8629945ddcd6aeab121613',
  'vhost-user-fs upstream.qemu-virtiofsd.v5.0': 'f56c14cadeb8f6d8821a57fb036937320e8118e93d2febc28d04e3e1b9ef818f',
  'vhost-user-fs upstream.virtiofsd.v1.0': '54de0315341d8397c9c09008c0bab5949dbdfd7db71c4960af2b2a16420bbd7e',
  'vhost-user-net upstream.passt.v2024.11.27': 'c6e6e69d691d3e5615a21536068546fd38955ec2ecf85437049975580af20532',
};
