import type { DeviceDocument } from '../../compat-tables/devices/device-document.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { hostDocument } from '../../rpc/fleet/describe-host.ts';
import type { HostDocument } from '../../rpc/fleet/host-document.ts';
import { hostName } from '../../rpc/state/state.ts';
import type { Command } from '../shared/command.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from '../shared/host-names.ts';
import { withHost } from '../shared/open-host.ts';

export const describeCommand: Command = {
  name: 'describe',
  summary: 'Print this host as a JSON document, for selection without it and for other managers',
  args: [],
  options: [
    { ...DEVICE_TYPE_OPTION, help: 'only what the host is and can take in of this device type (self, compatible)' },
  ],
  example: '> hostA.json',
  details: [
    'select and matrix read such files; so does any other program: the document is a stable format (docs/documents.md,',
    'docs/describe.schema.json).',
  ].join(' '),
  async run(context, input) {
    const type = input.option('device-type') === undefined ? undefined : deviceTypeOf(input);
    const { host, versions, interfaces } = await withHost(context);
    const whole = hostDocument({ host, versions, interfaces }, new Date());
    const document = type === undefined ? whole : deviceIn(whole, type);
    // C1 controls as escapes: they mean the same in JSON and nothing to a terminal
    const text = JSON.stringify(document, null, 2).replaceAll(/[\u007f-\u009f]/g, (char) => {
      return `\\u00${(char.codePointAt(0) ?? 0).toString(16)}`;
    });
    return {
      verbatim: `${text}\n`,
      table: {
        headings: ['host', 'system_id', 'agent_version', 'known_by', 'usable_versions', 'interfaces'],
        rows: [
          [
            ...[hostName(host), host.systemId, host.agentVersion, host.knownBy],
            versions.filter(({ usable }) => usable).map(({ version }) => version),
            interfaces.map(({ name }) => name),
          ],
        ],
      },
      json: { ...document },
    };
  },
};

/** The document of one device type: what other managers want. */
function deviceIn({ host, devices = [] }: HostDocument, type: string): DeviceDocument {
  const device = devices.find(({ self }) => self.device_type === type);
  if (device !== undefined) return device;
  const there = devices.map(({ self }) => self.device_type).join(', ') || 'no device type';
  const text = `Cannot describe ${type} on host ${host}: it can honour versions of ${there}`;
  throw new CompatError('VC-VERSION-DEVICE-TYPE', text);
}
