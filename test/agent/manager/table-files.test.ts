import assert from 'node:assert/strict';
import { join } from 'node:path';
import { readTables } from '../../../agent/manager/table-files.ts';
import { shippedTables } from '../../../base/installation.ts';
import { temporaryFolder } from '../support.ts';

describe('directories of tables', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());
  const problems = (tables: string[] | undefined, env: NodeJS.ProcessEnv = {}): string[] =>
    readTables(tables, env).problems.map(({ code, message }) => `${code} ${message}`);

  it('that somebody named have to be there', () => {
    const missing = join(folder.path, 'tables');
    const [problem = '', ...others] = problems([shippedTables(), missing]);
    assert.deepEqual(others, []);
    assert.ok(problem.startsWith(`VC-TABLE Cannot read ${missing}: ENOENT`), problem);
  });

  it('where tables are looked for by default need not be', () => {
    assert.deepEqual(problems(undefined, { XDG_CONFIG_HOME: join(folder.path, 'none') }), []);
  });
});
