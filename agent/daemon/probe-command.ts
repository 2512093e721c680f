import { formatMask } from '../../compat-tables/bits/mask.ts';
import { parseEndpoint } from '../../compat-tables/entries/endpoint.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { probe } from '../relay/port/probe.ts';
import { exitStatusOf } from './program-errors.ts';

/**
 * Measures a live back-end and prints the answer as one JSON object. This has a side effect on Open vSwitch 3.2 and later
 * with userspace TSO: a port takes a connection that ends before the device is up for a front-end that refused its offer.
 */
export async function runProbeCommand(
  text: string,
  { timeoutMs, json }: { timeoutMs: number; json: boolean },
): Promise<void> {
  try {
    const endpoint = parseEndpoint(text);
    const { virtioFeatures, protocolFeatures, limits } = await probe(endpoint, { timeoutMs });
    const answer = {
      virtio_features: formatMask(virtioFeatures),
      protocol_features: formatMask(protocolFeatures),
      limits,
    };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    if (!json) throw error;
    const code = error instanceof CompatError ? error.code : 'VC-INTERNAL';
    process.stderr.write(`${JSON.stringify({ code, message: (error as Error).message })}\n`);
    process.exitCode = exitStatusOf(error);
  }
}
