import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeSchema } from '../../rpc/fleet/describe-schema.ts';
import { databaseTables } from '../../rpc/state/database-page.ts';
import { ROOT } from '../root.ts';

const START = '<!-- The tables are generated: npm run docs -->\n';
const END = '<!-- End of the tables -->\n';

/** Writes the text to a file of docs/ when it is asked to, and holds the file against it. */
function checkFile(name: string, textOf: (present: string) => string): void {
  const path = join(ROOT, 'docs', name);
  const wanted = textOf(readFileSync(path, 'utf8'));
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, wanted);
  assert.equal(readFileSync(path, 'utf8'), wanted);
}

describe('what the model of the database gives to docs/', () => {
  it('database.md has the tables (npm run docs writes them)', () =>
    checkFile('database.md', (page) => {
      const [before, tables] = page.split(START);
      const after = tables?.split(END)[1];
      assert.ok(before !== undefined && after !== undefined);
      return `${before}${START}\n${databaseTables()}\n${END}${after}`;
    }));

  it('describe.schema.json is the schema of documents (npm run docs writes it)', () =>
    checkFile('describe.schema.json', () => `${JSON.stringify(describeSchema(), null, 2)}\n`));
});
