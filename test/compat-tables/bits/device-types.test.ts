import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DEVICE_TYPE, familyOf } from '../../../compat-tables/bits/device-types.ts';
import { VIRTIO_COMMON } from '../../../compat-tables/bits/virtio-common.ts';
import { VIRTIO_NET } from '../../../compat-tables/bits/virtio-net.ts';
import { ROOT } from '../../root.ts';

describe('device types', () => {
  it('know the features of their row, and what every device has of others', () => {
    assert.equal(familyOf(DEFAULT_DEVICE_TYPE), VIRTIO_NET);
    assert.equal(familyOf('vhost-user-nothing'), VIRTIO_COMMON);
    assert.equal(familyOf('constructor'), VIRTIO_COMMON);
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
