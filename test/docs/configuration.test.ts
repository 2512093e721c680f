import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsTable } from '../../agent/settings/settings.ts';
import { ROOT } from '../root.ts';

const BEGIN = '<!-- settings: npm run docs writes this table -->\n';
const END = '<!-- end of settings -->\n';

describe('docs/configuration.md', () => {
  it('has the table of all settings (npm run docs writes it)', () => {
    const path = join(ROOT, 'docs', 'configuration.md');
    const [before = '', rest = ''] = readFileSync(path, 'utf8').split(BEGIN);
    const [, after = ''] = rest.split(END);
    const wanted = [before, BEGIN, settingsTable(), END, after].join('');
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, wanted);
    assert.equal(readFileSync(path, 'utf8'), wanted);
  });
});
