import { formatMask } from '../../compat-tables/bits/mask.ts';
import { parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { runMockBackend } from '../mock/mock-backend.ts';
import { probe } from '../relay/port/probe.ts';
import { reportError } from './program-errors.ts';

/**
 * Measures a live back-end and prints the answer as one JSON object. This has a side effect on Open vSwitch 3.2 and later
 * with userspace TSO: a port takes a connection that ends before the device is up for a front-end that refused its offer.
 */
export async function runProbeCommand(text: string, timeoutMs: number, json: boolean): Promise<void> {
  try {
    const { virtioFeatures, protocolFeatures, limits } = await probe(parseEndpoint(text), { timeoutMs });
    const masks = { virtio_features: formatMask(virtioFeatures), protocol_features: formatMask(protocolFeatures) };
    process.stdout.write(`${JSON.stringify({ ...masks, limits })}\n`);
  } catch (error) {
    reportError(error, json);
  }
}

/** Runs a back-end that only negotiates until SIGTERM or SIGINT; prints `ready` when front-ends can connect. */
export async function runMockCommand(text: string, like: string): Promise<void> {
  const endpoint = parseEndpoint(text);
  const release = findRelease(like);
  const backend = await runMockBackend(endpoint, release);
  process.stdout.write(`ready: ${release.name} offers ${formatMask(release.virtioFeatures)} at ${text}\n`);
  const stop = (): void => {
    backend.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
