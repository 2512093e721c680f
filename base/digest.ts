import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * SHA-256 of a text in UTF-8, 64 hexadecimal digits. Loads node's cryptography when it is called first: a relay process that
 * goes on with its guests does not need it.
 */
export function sha256(text: string): string {
  const { createHash } = require('node:crypto') as typeof Crypto;
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
