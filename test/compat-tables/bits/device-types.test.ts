import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DEVICE_TYPE, deviceTypeNamed, familyOf } from '../../../compat-tables/bits/device-types.ts';
import { featureNames } from '../../../compat-tables/bits/mask.ts';
import { firstRingBeyond } from '../../../compat-tables/bits/queue-counts.ts';
import { VIRTIO_COMMON } from '../../../compat-tables/bits/virtio-common.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { ROOT } from '../../root.ts';

describe('device types', () => {
  it('know the features of their row, and what every device has of others', () => {
    assert.equal(familyOf(DEFAULT_DEVICE_TYPE), VIRTIO_NET);
    assert.equal(familyOf('vhost-user-nothing'), VIRTIO_COMMON);
    assert.equal(familyOf('constructor'), VIRTIO_COMMON);
  });

  it('have the names of the virtio specification, each type its own', () => {
    const names: Readonly<Record<string, readonly [mask: bigint, names: readonly string[]]>> = {
      blk: [0x6001n << 1n, ['VIRTIO_BLK_F_SIZE_MAX', 'VIRTIO_BLK_F_WRITE_ZEROES', 'VIRTIO_BLK_F_LIFETIME']],
      scsi: [0x7n, ['VIRTIO_SCSI_F_INOUT', 'VIRTIO_SCSI_F_HOTPLUG', 'VIRTIO_SCSI_F_CHANGE']],
      fs: [0x1n, ['VIRTIO_FS_F_NOTIFICATION']],
      vsock: [0x2n, ['VIRTIO_VSOCK_F_SEQPACKET']],
      gpu: [0x3n, ['VIRTIO_GPU_F_VIRGL', 'VIRTIO_GPU_F_EDID']],
      input: [0x1n, ['bit 0']],
      i2c: [0x1n, ['VIRTIO_I2C_F_ZERO_LENGTH_REQUEST']],
      gpio: [0x1n, ['VIRTIO_GPIO_F_IRQ']],
      sound: [0x1n, ['VIRTIO_SND_F_CTLS']],
      rng: [0x1n, ['bit 0']],
      crypto: [0x1n, ['VIRTIO_CRYPTO_F_REVISION_1']],
    };
    for (const [type, [mask, want]] of Object.entries(names))
      assert.deepEqual(featureNames(familyOf(`vhost-user-${type}`), mask | (1n << 32n)), [
        ...want,
        'VIRTIO_F_VERSION_1',
      ]);
  });

  it('stand in one place: no other source file spells the default', () => {
    const files = ['base', 'compat-tables', 'rpc', 'agent', 'cli'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    );
    const spelling = files.filter((file) =>
      readFileSync(join(ROOT, file), 'utf8').includes(`'${DEFAULT_DEVICE_TYPE}'`),
    );
    assert.deepEqual(spelling, ['compat-tables/bits/device-types.ts']);
  });
});

describe('the rows of device types', () => {
  const asked = (type: string) =>
    familyOf(`vhost-user-${type}`)
      .bits.filter(({ fromBackend }) => fromBackend)
      .map(({ short }) => short);

  it('have the bits that QEMU asks the back-end about', () => {
    const common = ['NOTIFY_ON_EMPTY', 'INDIRECT_DESC', 'EVENT_IDX'];
    const late = ['IN_ORDER', 'NOTIFICATION_DATA', 'RING_RESET'];
    assert.deepEqual(asked('scsi'), ['HOTPLUG', ...common, ...late]);
    assert.deepEqual(asked('fs'), [...common, 'VERSION_1', 'ACCESS_PLATFORM', 'RING_PACKED', ...late]);
    assert.deepEqual(asked('vsock'), ['STREAM', 'SEQPACKET', ...common, 'VERSION_1', 'RING_PACKED', ...late]);
    assert.deepEqual(asked('gpu'), ['VIRGL', 'EDID']);
    assert.deepEqual(asked('crypto'), []);
    assert.ok(asked('rng').includes('ANY_LAYOUT'), 'of a generic device QEMU shows the whole word');
  });

  it('say how QEMU moves each of them, and how their queues count', () => {
    const row = (type: string) => deviceTypeNamed(`vhost-user-${type}`);
    const moved = ['net', 'blk', 'scsi', 'fs'];
    for (const type of ['vsock', 'gpu', 'input', 'i2c', 'gpio', 'sound', 'rng', 'crypto'])
      assert.equal(row(type)?.state, 'not-moved', type);
    for (const type of moved) assert.notEqual(row(type)?.state, 'not-moved', type);
    assert.deepEqual(
      [...moved, 'vsock', 'teapot'].map((type) => firstRingBeyond(`vhost-user-${type}`, 4)),
      [8, 4, 6, 5, undefined, undefined],
    );
  });
});
