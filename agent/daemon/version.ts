import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './table-files.ts';

/** The version of this program, as its package says. */
export const AGENT_VERSION = (
  JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }
).version;
