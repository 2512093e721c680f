import assert from 'node:assert/strict';
import { deviceWarnings } from '../../../compat-tables/moves/warnings.ts';

const VERSION_1 = 1n << 32n;
const ACCESS_PLATFORM = 1n << 33n;

describe('warnings about how QEMU builds the device', () => {
  const cases: { title: string; offered: bigint | undefined; there: bigint; names: string[] }[] = [
    { title: 'the same on both', offered: VERSION_1 | 1n, there: VERSION_1, names: [] },
    { title: 'VERSION_1 only there', offered: 1n, there: VERSION_1, names: ['VIRTIO_F_VERSION_1'] },
    { title: 'VERSION_1 only here, which is a missing feature', offered: VERSION_1, there: 1n, names: [] },
    { title: 'an IOMMU only here', offered: ACCESS_PLATFORM, there: 0n, names: ['VIRTIO_F_ACCESS_PLATFORM'] },
    { title: 'an IOMMU only there', offered: 0n, there: ACCESS_PLATFORM, names: [] },
    {
      title: 'both at once',
      offered: ACCESS_PLATFORM,
      there: VERSION_1,
      names: ['VIRTIO_F_VERSION_1', 'VIRTIO_F_ACCESS_PLATFORM'],
    },
    { title: 'an offer that is not known', offered: undefined, there: VERSION_1, names: [] },
  ];
  for (const { title, offered, there, names } of cases) {
    it(title, () => {
      const warnings = deviceWarnings('vhost-user-net', offered, there, 'node2');
      assert.deepEqual(
        warnings.map((text) => text.split(' ')[0]),
        names,
      );
      for (const text of warnings) assert.match(text, /node2/);
    });
  }
});
