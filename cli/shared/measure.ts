import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import { parseMask } from '../../compat-tables/bits/mask.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { formatEndpoint, parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { hostName, type State } from '../../rpc/state/state.ts';
import { askAgent } from './agent-process.ts';
import { typed } from './command-errors.ts';
import type { Context } from './context.ts';

/** A back-end, as `capture` names it. */
export interface Backend {
  readonly deviceType: string;
  /** `connect:/run/b` */
  readonly endpoint: string;
  /** Undefined: it is no interface's. */
  readonly interface?: string;
  /** For people: where the abilities were learned. */
  readonly source: string;
  abilities(): Promise<Abilities>;
}

/** Whether a word means an endpoint and not an interface. */
export function namesEndpoint(target: string): boolean {
  return target.startsWith('listen:') || target.startsWith('connect:');
}

/** The back-end at an endpoint, which is asked for its abilities. Throws VC-ENDPOINT. */
export function backendAt(context: Context, target: string, deviceType = DEFAULT_DEVICE_TYPE): Backend {
  const endpoint = formatEndpoint(typed(() => parseEndpoint(target)));
  const abilities = () => measure(context, endpoint);
  return { deviceType, endpoint, source: `measured at ${endpoint}`, abilities };
}

/**
 * The back-end of an interface, which was measured by its agent and is not asked again: it may serve one connection only.
 * Throws VC-INTERFACE-UNKNOWN, VC-VERSION-DEVICE-TYPE, VC-BACKEND-UNKNOWN.
 */
export function backendOf(state: State, name: string, deviceType?: string): Backend {
  const host = state.host();
  const row = state.interface(name, host);
  const { backend: endpoint, abilities } = row;
  if (deviceType !== undefined && deviceType !== row.deviceType) {
    const text = `Cannot capture ${name} as ${deviceType}: ${name} is of device type ${row.deviceType}`;
    throw new CompatError('VC-VERSION-DEVICE-TYPE', text, { interface: name });
  }
  if (abilities === undefined) {
    const text = `Cannot capture ${name}: its back-end at ${endpoint} was never measured`;
    throw new CompatError('VC-BACKEND-UNKNOWN', text, { interface: name });
  }
  const source = `measured by the agent of ${hostName(host)} at ${endpoint} (${name})`;
  return {
    ...{ deviceType: row.deviceType, endpoint, interface: name, source },
    abilities: () => Promise.resolve(abilities),
  };
}

/** What the back-end at an endpoint can do: the agent's binary asks it and hangs up. */
export async function measure(context: Context, endpoint: string): Promise<Abilities> {
  const seconds = context.options.timeoutMs / 1000;
  const limit = seconds === 0 ? [] : ['--timeout', String(seconds)];
  const asking = askAgent(context, ['probe', endpoint, ...limit, '--json']);
  return readAbilities(await context.progress(`asking ${endpoint}`, asking));
}

/** What `vhost-compatd probe --json` printed. */
function readAbilities(output: string): Abilities {
  try {
    const seen = JSON.parse(output) as Record<string, unknown>;
    const limits = Object.entries((seen['limits'] ?? {}) as Record<string, unknown>);
    return {
      virtioFeatures: parseMask(String(seen['virtio_features'])),
      protocolFeatures: parseMask(String(seen['protocol_features'] ?? '0x0')),
      limits: Object.fromEntries(limits.map(([name, value]) => [name, Number(value)])),
    };
  } catch (cause) {
    const wanted = 'wanted JSON with virtio_features, protocol_features and limits';
    const text = `Cannot read the agent's answer: saw ${JSON.stringify(output)}; ${wanted}`;
    throw new CompatError('VC-INTERNAL', text, {}, { cause });
  }
}
