import { suggestion } from '../../base/text.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { type NotExpressible, type Renderable, type Rendered, renderEntry } from '../../compat-tables/render/render.ts';
import { hostName } from '../../rpc/state/state.ts';
import { argument, type Command, required } from '../shared/command.ts';
import { choice, UsageError } from '../shared/command-errors.ts';
import type { Context } from '../shared/context.ts';
import { jsonOf } from '../shared/formats.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from '../shared/host-names.ts';
import { withHost } from '../shared/open-host.ts';
import { shippedEntries } from '../shared/table-files.ts';

const FORMS = ['libvirt', 'qemu'] as const;

export const renderCommand: Command = {
  name: 'render',
  summary: 'Write a version as device properties of QEMU or XML of libvirt, for those who enforce it there',
  args: [{ name: 'VERSION', help: 'a version string' }],
  options: [
    { name: 'for', value: 'FORM', help: FORMS.join(' or '), required: true },
    { name: 'queues', value: 'N', help: 'queue pairs of the device (default: 1)' },
    DEVICE_TYPE_OPTION,
  ],
  example: 'upstream.ovs-dpdk.v2.6 --for libvirt --queues 4',
  details:
    'Versions of the shipped tables need no host; all others are read from the database. What cannot be said in that form is told on standard error.',
  async run(context, input) {
    const form = choice('for', required(input, 'for'), FORMS);
    const queues = queuesOf(input.option('queues') ?? '1');
    const entry = await findEntry(context, argument(input, 0), deviceTypeOf(input));
    const rendered = renderEntry(entry, queues);
    const lacking = rendered.notExpressible[form];
    const properties = form === 'qemu' ? qemuLines(rendered) : [rendered.libvirt];
    return {
      table: { headings: ['version', 'for', 'text'], rows: [[entry.version, form, properties.join('\n')]] },
      text: `${properties.join('\n')}\n`,
      notes: lacking.map(noteOf),
      json: {
        ...{ kind: 'rendered', ...jsonOf(entry, 'version', 'virtioFeatures'), for: form, queues },
        ...(form === 'qemu' ? { device: rendered.device, netdev: rendered.netdev } : { driver: rendered.libvirt }),
        notExpressible: lacking,
      },
    };
  },
};

/** QEMU's own limit. */
const MAX_QUEUES = 1024;

function queuesOf(text: string): number {
  const queues = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (queues >= 1 && queues <= MAX_QUEUES) return queues;
  throw new UsageError(`Cannot read --queues: saw "${text}"; wanted a number from 1 to ${MAX_QUEUES}`);
}

/** Entries are immutable, so a shipped one is the same on every host. */
async function findEntry(context: Context, version: string, deviceType: string): Promise<Renderable> {
  const wanted = (one: Renderable) => one.version === version && one.deviceType === deviceType;
  const shipped = shippedEntries();
  const found = shipped.find(wanted);
  if (found !== undefined) return found;
  const { host, versions } = await withHost(context);
  const row = versions.find(wanted);
  if (row !== undefined) return row;
  const names = [...versions, ...shipped].filter((one) => one.deviceType === deviceType).map((one) => one.version);
  const where = `neither in the shipped tables nor on host ${hostName(host)}`;
  const text = `Cannot find version "${version}" of ${deviceType}, ${where}${suggestion(version, names)}`;
  throw new CompatError('VC-VERSION-UNKNOWN', text, { host: host.systemId, version });
}

function qemuLines({ device, netdev }: Rendered): string[] {
  return [
    ['-device virtio-net-pci', ...device].join(','),
    ...(netdev.length > 0 ? [['-netdev vhost-user', ...netdev].join(',')] : []),
  ];
}

function noteOf({ name, bit, wanted, why, property }: NotExpressible): string {
  const how = property === undefined || why.includes(property) ? '' : ` (QEMU: ${property})`;
  return `cannot be expressed: ${name} (${bit}) ${wanted}: ${why}${how}`;
}
