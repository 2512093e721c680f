import { parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { deviceTypesOf, effectiveDefault } from '../../rpc/state/default-version.ts';
import { addInterface, pin, removeInterface, setDefaultVersion, unpin } from '../../rpc/state/host-intents.ts';
import { hostName } from '../../rpc/state/state.ts';
import { carryOutChange } from '../shared/carry-out-change.ts';
import { argument, type Command, required } from '../shared/command.ts';
import { typed, UsageError } from '../shared/command-errors.ts';
import type { Cell } from '../shared/formats.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from '../shared/host-names.ts';
import { withHost } from '../shared/open-host.ts';

/** The commands that write: each states an intent, and change.ts carries it out. */

const NAME = { name: 'NAME', help: 'the interface' } as const;
const VERSION = { name: 'VERSION', help: 'a version string, as list-versions has it' } as const;

export const addInterfaceCommand: Command = {
  name: 'add-interface',
  summary: 'Let the agent mediate a vhost-user port',
  args: [NAME],
  options: [
    {
      name: 'frontend',
      value: 'ROLE:PATH',
      required: true,
      help: 'the socket towards QEMU: listen:PATH or connect:PATH',
    },
    {
      name: 'backend',
      value: 'ROLE:PATH',
      required: true,
      help: 'the socket towards the back-end: listen:PATH or connect:PATH',
    },
    { name: 'version', value: 'VERSION', help: 'pin this version from the start' },
    DEVICE_TYPE_OPTION,
    { name: 'may-exist', help: 'an interface that is there already, with the same sockets, is no error' },
  ],
  example: 'vhu0 --frontend listen:/run/vhost/vhu0.sock --backend connect:/run/ovs/vhu0.sock',
  details: 'ROLE is what the agent does on that side: listen on the path, or connect to it.',
  async run(context, input) {
    const name = argument(input, 0);
    const frontend = required(input, 'frontend');
    const backend = required(input, 'backend');
    for (const endpoint of [frontend, backend]) typed(() => parseEndpoint(endpoint));
    if (parseEndpoint(frontend).path === parseEndpoint(backend).path) {
      throw new UsageError(`Cannot add interface "${name}": saw one path on both sides; wanted two sockets`, {
        code: 'VC-ENDPOINT',
      });
    }
    const deviceType = deviceTypeOf(input);
    return carryOutChange(context, {
      command: 'add-interface',
      doing: `add interface ${name}`,
      interface: name,
      intent: (state, options) =>
        addInterface(
          state,
          { name, deviceType, frontend, backend, version: input.option('version'), mayExist: input.flag('may-exist') },
          options,
        ),
    });
  },
};

export const delInterface: Command = {
  name: 'del-interface',
  summary: 'Remove an interface; a guest on it loses its connection',
  args: [NAME],
  options: [{ name: 'if-exists', help: 'an interface that is not there is no error' }],
  example: 'vhu0 --if-exists',
  async run(context, input) {
    const name = argument(input, 0);
    return carryOutChange(context, {
      command: 'del-interface',
      doing: `remove interface ${name}`,
      intent: (state, options) => removeInterface(state, { name, ifExists: input.flag('if-exists') }, options),
    });
  },
};

export const pinCommand: Command = {
  name: 'pin',
  summary: 'Pin a version on an interface, from the next start of its front-end',
  args: [NAME, VERSION],
  options: [],
  example: 'vhu0 upstream.ovs-dpdk.v2.6',
  details:
    'A running guest keeps what it has. A version that is not usable here is refused with its blockers, exit status 3.',
  async run(context, input) {
    const name = argument(input, 0);
    const version = argument(input, 1);
    return carryOutChange(context, {
      command: 'pin',
      doing: `pin ${name} to ${version}`,
      interface: name,
      intent: (state, options) => pin(state, { interface: name, version }, options),
    });
  },
};

export const unpinCommand: Command = {
  name: 'unpin',
  summary: "Take the pin off an interface; the host's default rules from its next start",
  args: [NAME],
  options: [],
  example: 'vhu0',
  async run(context, input) {
    const name = argument(input, 0);
    return carryOutChange(context, {
      command: 'unpin',
      doing: `unpin ${name}`,
      interface: name,
      intent: (state, options) => unpin(state, { interface: name }, options),
    });
  },
};

export const defaultVersion: Command = {
  name: 'default-version',
  summary: "Show or set the host's default version",
  args: [{ name: 'VERSION|newest', arity: 'optional', help: 'a version string; newest: the first usable one' }],
  options: [{ name: 'force', help: 'also when running interfaces use more than the version gives' }],
  example: 'upstream.ovs-dpdk.v2.13',
  details: [
    'The default is for interfaces without a pin, from the next start of their front-ends. Interfaces of a device type that',
    'has no version of this name keep the first usable one of theirs. A default that is narrower than what running interfaces',
    'use is refused with a list of them, exit status 3: guests like them could not come here.',
  ].join(' '),
  async run(context, input) {
    const [version] = input.args;
    if (version !== undefined) {
      return carryOutChange(context, {
        command: 'default-version',
        doing: `make ${version} the default`,
        intent: (state, options) => setDefaultVersion(state, { version, force: input.flag('force') }, options),
      });
    }
    const { host, versions } = await withHost(context);
    const shown = host.defaultVersion ?? 'newest';
    const types = deviceTypesOf(versions).map((deviceType) => ({
      device_type: deviceType,
      effective: effectiveDefault(deviceType, host.defaultVersion, versions),
    }));
    const effective = types.length === 0 ? host.defaultVersion : types[0]?.effective;
    const rows = types.map((one): Cell[] => [shown, one.effective, one.device_type]);
    return {
      text: `${shown}\n`,
      table: {
        headings: ['default_version', 'effective', 'device_type'],
        rows: rows.length === 0 ? [[shown, effective, undefined]] : rows,
      },
      json: {
        format: 1,
        kind: 'default-version',
        host: hostName(host),
        default_version: host.defaultVersion ?? null,
        effective: effective ?? null,
        device_types: types.map((one) => ({ ...one, effective: one.effective ?? null })),
      },
    };
  },
};
