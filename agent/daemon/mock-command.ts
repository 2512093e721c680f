import { formatMask } from '../../compat-tables/bits/mask.ts';
import { parseEndpoint } from '../../compat-tables/entries/endpoint.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { runMockBackend } from '../mock/mock-backend.ts';

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
