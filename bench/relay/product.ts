import { join } from 'node:path';
import { installationRoot } from '../../base/installation.ts';

/** What is measured, as it was built. */
export const ROOT = installationRoot();
export const AGENT = join(ROOT, 'dist/bin/vhost-compatd.js');
/** The same in its parts, so that a profile can name the file that a function stands in. */
export const AGENT_IN_PARTS = join(ROOT, 'dist/agent/daemon/main.js');
