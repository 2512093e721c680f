import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { formatMask } from '../../compat-tables/bits/mask.ts';
import { limitName } from '../../compat-tables/bits/queue-counts.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { formatEndpoint, parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { argument, type Command } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';
import { bitCells, bitRows, whyNotMigratable, yesOrNo } from '../shared/feature-output.ts';
import { maskText, type Table } from '../shared/formats.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from '../shared/host-names.ts';
import { measure } from '../shared/measure.ts';
import { shippedVersions } from '../shared/table-files.ts';

const HEADINGS = ['family', 'bit', 'name', 'meaning'];

export const probe: Command = {
  name: 'probe',
  summary: 'Measure what a live back-end offers, and hang up',
  args: [{ name: 'ROLE:PATH', help: 'connect:PATH when the back-end listens, listen:PATH when it connects' }],
  options: [DEVICE_TYPE_OPTION],
  example: 'connect:/run/vhost/vhu0.sock',
  details: [
    'Asks as a front-end does that has just connected, and leaves nothing accepted in the back-end. A back-end serves one',
    'front-end at a time: do not probe a socket that a guest uses. One that serves a single connection and ends with it, as',
    'virtiofsd does, ends with this one.',
  ].join(' '),
  headings: HEADINGS,
  async run(context, input) {
    const endpoint = typed(() => parseEndpoint(argument(input, 0)));
    const deviceType = deviceTypeOf(input);
    const where = formatEndpoint(endpoint);
    const abilities = await measure(context, where);
    const whyNot = whyNotMigratable(abilities, deviceType);
    const family = familyOf(deviceType);
    const virtio = bitRows(abilities.virtioFeatures, family);
    const protocol = bitRows(abilities.protocolFeatures, PROTOCOL);
    const usable = shippedVersions(deviceType, abilities);
    const virtioTable: Table = { headings: ['bit', 'name', 'meaning'], rows: virtio.map(bitCells) };
    const protocolTable: Table = { headings: ['bit', 'name', 'meaning'], rows: protocol.map(bitCells) };
    return {
      table: {
        headings: HEADINGS,
        rows: [
          ...virtio.map((row) => ['virtio', ...bitCells(row)]),
          ...protocol.map((row) => ['protocol', ...bitCells(row)]),
        ],
      },
      text: [
        { heading: `virtio features (${maskText(abilities.virtioFeatures)}):` },
        { table: virtioTable, indent: 2 },
        { heading: `protocol features (${formatMask(abilities.protocolFeatures)}):` },
        { table: protocolTable, indent: 2 },
        ...Object.entries(abilities.limits).map(([name, value]) => `${limitName(deviceType, name)}: ${value}`),
        `migratable: ${yesOrNo(whyNot)}`,
        `usable versions: ${usable.length === 0 ? 'none of the shipped tables' : usable.join(', ')}`,
      ],
      json: {
        kind: 'probe',
        endpoint: where,
        device_type: deviceType,
        virtio_features: formatMask(abilities.virtioFeatures),
        feature_bits: virtio,
        protocol_features: formatMask(abilities.protocolFeatures),
        protocol_feature_bits: protocol,
        limits: abilities.limits,
        migratable: whyNot.length === 0,
        not_migratable: whyNot,
        usable_versions: usable,
      },
    };
  },
};
