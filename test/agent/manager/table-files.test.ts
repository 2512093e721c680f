import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
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

  it('have files; a pipe, a device or a directory of that name costs nothing but itself', () => {
    const tables = join(folder.path, 'odd');
    mkdirSync(join(tables, '20-directory.json'), { recursive: true });
    execFileSync('mkfifo', [join(tables, '10-pipe.json')]);
    symlinkSync('/dev/zero', join(tables, '30-endless.json'));
    symlinkSync('/proc/kmsg', join(tables, '40-waits.json'));
    writeFileSync(join(tables, '50-long.json'), '');
    truncateSync(join(tables, '50-long.json'), 5 << 20);
    symlinkSync(join(shippedTables(), readdirSync(shippedTables())[0] ?? ''), join(tables, '60-good.json'));
    const { entries } = readTables([tables]);
    assert.notEqual(entries.length, 0);
    const odd = ['10-pipe', '20-directory', '30-endless', '40-waits', '50-long'];
    const seen = problems([tables]);
    assert.equal(seen.length, odd.length);
    for (const [index, name] of odd.entries())
      assert.ok(seen[index]?.startsWith(`VC-TABLE Cannot read ${join(tables, name)}.json: `), seen[index]);
  });

  it('where tables are looked for by default need not be', () => {
    assert.deepEqual(problems(undefined, { XDG_CONFIG_HOME: join(folder.path, 'none') }), []);
  });
});
