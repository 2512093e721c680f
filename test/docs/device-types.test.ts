import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEVICE_FAMILIES, type DeviceType, deviceTypeNamed } from '../../compat-tables/bits/device-types.ts';
import { ROOT } from '../root.ts';

function queues({ queues: { counts, beside, fixed } }: DeviceType): string {
  if (fixed) return 'always the same';
  return counts === 'pairs' ? 'queue pairs' : beside === 0 ? 'queues' : `queues, and ${beside} beside them`;
}

const MOVES: Readonly<Record<DeviceType['state'], string>> = {
  'backend-if-any': 'yes; the state of a back-end with DEVICE_STATE needs one with it there',
  qemu: 'yes',
  backend: 'with DEVICE_STATE on both sides and QEMU 8.2 or later',
  'not-moved': 'no',
};

describe('docs/compat-tables.md', () => {
  it('has a line for each device type, as its row says', () => {
    const page = readFileSync(join(ROOT, 'docs/compat-tables.md'), 'utf8');
    const wanted = [...DEVICE_FAMILIES.keys()].map((short) => {
      const row = deviceTypeNamed(`vhost-user-${short}`) ?? assert.fail(short);
      return `| \`${row.name}\` | ${queues(row)} | ${MOVES[row.state]} |`;
    });
    assert.deepEqual(
      page.split('\n').filter((line) => line.startsWith('| `vhost-user-')),
      wanted,
    );
  });
});
