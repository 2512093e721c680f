import { deviceTypesOf, effectiveDefault } from '../../compat-tables/compare/default-version.ts';
import { parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { undefineVersion } from '../../rpc/state/definitions.ts';
import { addInterface, pin, removeInterface, setDefaultVersion, unpin } from '../../rpc/state/host-intents.ts';
import { hostName } from '../../rpc/state/state.ts';
import { carryOutChange, type HostChange } from '../shared/carry-out-change.ts';
import { argument, type Command, type CommandResult, type Input, required } from '../shared/command.ts';
import { typed, UsageError } from '../shared/command-errors.ts';
import type { Context } from '../shared/context.ts';
import type { Cell } from '../shared/formats.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from '../shared/host-names.ts';
import { withHost } from '../shared/open-host.ts';

/** The commands that write: each states an intent, and `carryOutChange` sees to it. */

const NAME = { name: 'NAME', help: 'the interface' } as const;
const VERSION = { name: 'VERSION', help: 'a version string, as list-versions has it' } as const;

/** A command that only writes. */
function writing(command: Omit<Command, 'run'>, change: (input: Input) => HostChange): Command {
  return { ...command, run: async (context, input) => carryOutChange(context, command.name, change(input)) };
}

const ADD: Omit<Command, 'run'> = {
  name: 'add-interface',
  summary: 'Let the agent mediate a vhost-user port',
  args: [NAME],
  options: [
    {
      ...{ name: 'frontend', value: 'ROLE:PATH', required: true },
      help: 'the socket towards QEMU: listen:PATH or connect:PATH',
    },
    {
      ...{ name: 'backend', value: 'ROLE:PATH', required: true },
      help: 'the socket towards the back-end: listen:PATH or connect:PATH',
    },
    { name: 'version', value: 'VERSION', help: 'pin this version from the start' },
    DEVICE_TYPE_OPTION,
    { name: 'may-exist', help: 'an interface that is there already, with the same sockets, is no error' },
  ],
  example: 'vhu0 --frontend listen:/run/vhost/vhu0.sock --backend connect:/run/ovs/vhu0.sock',
  details: 'ROLE is what the agent does on that side: listen on the path, or connect to it.',
};

export const addInterfaceCommand = writing(ADD, (input) => {
  const name = argument(input, 0);
  const [frontend, backend] = [required(input, 'frontend'), required(input, 'backend')];
  const [front, back] = [frontend, backend].map((endpoint) => typed(() => parseEndpoint(endpoint)));
  if (front?.path === back?.path) {
    const text = `Cannot add interface "${name}": saw one path on both sides; wanted two sockets`;
    throw new UsageError(text, { code: 'VC-ENDPOINT' });
  }
  const deviceType = deviceTypeOf(input);
  const wanted = { name, deviceType, frontend, backend, version: input.option('version') };
  return {
    doing: `add interface ${name}`,
    interface: name,
    intent: (state, options) => addInterface(state, { ...wanted, mayExist: input.flag('may-exist') }, options),
  };
});

const DELETE: Omit<Command, 'run'> = {
  name: 'del-interface',
  summary: 'Remove an interface; a guest on it loses its connection',
  args: [NAME],
  options: [{ name: 'if-exists', help: 'an interface that is not there is no error' }],
  example: 'vhu0 --if-exists',
};

export const delInterface = writing(DELETE, (input) => {
  const [name, ifExists] = [argument(input, 0), input.flag('if-exists')];
  return {
    doing: `remove interface ${name}`,
    intent: (state, options) => removeInterface(state, { name, ifExists }, options),
  };
});

const PIN: Omit<Command, 'run'> = {
  name: 'pin',
  summary: 'Pin a version on an interface, from the next start of its front-end',
  args: [NAME, VERSION],
  options: [],
  example: 'vhu0 upstream.ovs-dpdk.v2.6',
  details:
    'A running guest keeps what it has. A version that is not usable here is refused with its blockers, exit status 3.',
};

export const pinCommand = writing(PIN, (input) => {
  const [name, version] = [argument(input, 0), argument(input, 1)];
  return {
    doing: `pin ${name} to ${version}`,
    interface: name,
    intent: (state, options) => pin(state, { interface: name, version }, options),
  };
});

const UNPIN: Omit<Command, 'run'> = {
  name: 'unpin',
  summary: "Take the pin off an interface; the host's default rules from its next start",
  args: [NAME],
  options: [],
  example: 'vhu0',
};

export const unpinCommand = writing(UNPIN, (input) => {
  const name = argument(input, 0);
  return {
    doing: `unpin ${name}`,
    interface: name,
    intent: (state, options) => unpin(state, { interface: name }, options),
  };
});

const UNDEFINE: Omit<Command, 'run'> = {
  name: 'undefine-version',
  summary: 'Take back a version that was defined with baseline or capture',
  args: [{ name: 'VERSION', help: 'a version whose origin is "defined"' }],
  options: [],
  example: 'site.hall2.v1',
  details:
    "The host goes on publishing it while an interface is pinned to it or runs in it, and while it is the host's default.",
};

export const undefine = writing(UNDEFINE, (input) => {
  const version = argument(input, 0);
  return {
    doing: `take back ${version}`,
    intent: (state, options) => undefineVersion(state, { version }, options),
  };
});

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
    if (version === undefined) return shownDefault(context);
    return carryOutChange(context, 'default-version', {
      doing: `make ${version} the default`,
      intent: (state, options) => setDefaultVersion(state, { version, force: input.flag('force') }, options),
    });
  },
};

async function shownDefault(context: Context): Promise<CommandResult> {
  const { host, versions } = await withHost(context);
  const shown = host.defaultVersion ?? 'newest';
  const types = deviceTypesOf(versions).map((deviceType) => {
    const effective = effectiveDefault(deviceType, host.defaultVersion, versions) ?? null;
    return { device_type: deviceType, effective };
  });
  const [first = { device_type: undefined, effective: host.defaultVersion ?? null }] = types;
  const rows = (types.length === 0 ? [first] : types).map((one): Cell[] => {
    return [shown, one.effective ?? undefined, one.device_type];
  });
  return {
    text: `${shown}\n`,
    table: { headings: ['default_version', 'effective', 'device_type'], rows },
    json: {
      ...{ kind: 'default-version', host: hostName(host), default_version: host.defaultVersion ?? null },
      ...{ effective: first.effective, device_types: types },
    },
  };
}
