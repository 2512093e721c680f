import { DEVICE_TYPE_NAMES, deviceTypeNamed, familyOf } from '../../compat-tables/bits/device-types.ts';
import { formatMask, parseMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import type { Command } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';
import { bitCells, bitRows } from '../shared/feature-output.ts';
import { maskText, type Table } from '../shared/formats.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from '../shared/host-names.ts';

export const decode: Command = {
  name: 'decode',
  summary: 'Name the bits of a feature mask',
  args: [{ name: 'MASK', arity: 'some', help: '0x…, a decimal number, or names of the specification' }],
  options: [
    { name: 'protocol', help: 'these are vhost-user protocol features, not virtio features' },
    DEVICE_TYPE_OPTION,
  ],
  example: '0xd7c66a7ca',
  details: 'Names may be separated by spaces or commas; the first line shows them as a mask.',
  async run(_context, input) {
    const deviceType = deviceTypeOf(input);
    const protocol = input.flag('protocol');
    const family = protocol ? PROTOCOL : familyOf(deviceType);
    // ovs-vsctl prints the value of a map in quotes
    const text = input.args.join(' ').replaceAll(/["']/g, '');
    const mask = typed(() => parseMask(text, family));
    const rows = bitRows(mask, family);
    const table: Table = { headings: ['bit', 'name', 'meaning'], rows: rows.map(bitCells) };
    const kind = protocol ? 'vhost-user protocol features' : `virtio features of ${deviceType}`;
    return {
      table,
      text: [{ heading: `${protocol ? formatMask(mask) : maskText(mask)} (${kind})` }, { table }],
      notes: protocol ? [] : unknownType(deviceType),
      json: {
        ...{ kind: 'features', family: protocol ? 'protocol' : 'virtio', device_type: deviceType },
        ...{ mask: formatMask(mask), bits: rows },
      },
    };
  },
};

/** The names of such a device are not missing from the specification, but here. */
function unknownType(deviceType: string): string[] {
  if (deviceTypeNamed(deviceType) !== undefined) return [];
  const what = `nothing is known here of device type "${deviceType}", so that only the bits of every device have names`;
  return [`${what}; known are ${DEVICE_TYPE_NAMES.join(', ')}`];
}
