import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsDocument } from '../../compat-tables/errors/errors-document.ts';
import { ROOT } from '../root.ts';

describe('docs/errors.md', () => {
  it('is what the catalogue says (npm run docs writes it)', () => {
    const path = join(ROOT, 'docs', 'errors.md');
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, errorsDocument());
    assert.equal(readFileSync(path, 'utf8'), errorsDocument());
  });
});
