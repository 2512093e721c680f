import { parseMask } from '../../compat-tables/bits/mask.ts';
import type { Abilities } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { askAgent } from './agent-process.ts';
import type { Context } from './context.ts';

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
