#!/usr/bin/env node
import { mockHosts } from './mock-hosts.ts';
import { realHosts } from './real-hosts.ts';
import { Scene } from './scene.ts';
import { tell } from './story.ts';

/**
 * The main job from end to end on one machine: two hosts, two back-ends of different age, one mode for both. `--real`
 * puts DPDK's testpmd and QEMU where the plain run has stand-ins that only negotiate.
 */
const USAGE = 'usage: npm run quickstart [-- --real]';

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--real');
  if (unknown !== undefined) {
    process.stderr.write(`quickstart: saw "${unknown}"; ${USAGE}\n`);
    return 2;
  }
  const scene = new Scene();
  const interrupted = (): void => {
    void scene.end().then(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await tell(scene, args.includes('--real') ? realHosts(scene) : mockHosts(scene));
    return 0;
  } catch (error) {
    process.stderr.write(`quickstart: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await scene.end();
  }
}

process.exit(await main(process.argv.slice(2)));
