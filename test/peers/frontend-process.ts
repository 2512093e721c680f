import { EndpointOpener } from '../../agent/fd/endpoint-opener.ts';
import type { OwnedFd } from '../../agent/fd/owned-fd.ts';
import { MockFrontend } from '../../agent/mock/mock-frontend.ts';
import { parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';

/**
 * A front-end in a process of its own, because modes stick to processes. Its first argument is an endpoint; as QEMU does,
 * it comes again after a while when it was sent away, and keeps its socket file for as long as it lives when it listens.
 * Each line on its input makes it hang up and come again. It says what it was offered.
 */
const RETRY_MS = 100;
const endpoint = parseEndpoint(process.argv[2] ?? '');
let current: MockFrontend | undefined;

const door = new EndpointOpener(
  endpoint,
  { firstPauseMs: RETRY_MS, longestPauseMs: RETRY_MS },
  {
    arrived: (fd) => void negotiate(fd),
    failed: (error) => process.stdout.write(`failed ${error.message}\n`),
  },
);

async function negotiate(fd: OwnedFd): Promise<void> {
  const frontend = new MockFrontend(fd, { timeoutMs: 20_000 });
  current = frontend;
  try {
    const { features } = await frontend.negotiate();
    process.stdout.write(`offered 0x${features.toString(16)}\n`);
  } catch {
    // Sent away: whoever sent it away says why. A door that listens is open still.
    if (endpoint.role === 'connect') door.open(RETRY_MS);
  }
}

process.stdin.on('data', () => {
  current?.close();
  if (endpoint.role === 'connect') door.open();
});
process.stdin.on('end', () => process.exit(0));
process.on('SIGTERM', () => {
  door.close();
  process.exit(0);
});
door.open();
