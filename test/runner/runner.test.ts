import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Peers } from '../peers/process.ts';
import { ROOT } from '../root.ts';
import { KINDS, kindOf, testFiles } from './kinds.ts';

describe('the runs of the tests', () => {
  const peers = new Peers();
  after(() => peers.end());

  /** The output of a run over files with these contents, and how it ended. */
  async function runOf(bodies: readonly string[]): Promise<{ lines: string[]; ending: string | undefined }> {
    const folder = peers.folder();
    const runs = bodies.map((body, i) => {
      const file = join(folder, `${i}.test.mjs`);
      writeFileSync(file, body);
      return { name: `run-${i}`, files: [file], options: [] };
    });
    const program = join(folder, 'main.mjs');
    const module = join(ROOT, 'dist/test/runner/runs.js');
    const text = `import { runAll } from '${module}';\nprocess.exitCode = (await runAll(${JSON.stringify(runs)})) ? 0 : 1;\n`;
    writeFileSync(program, text);
    const peer = peers.start(process.execPath, [program], { env: { FORCE_COLOR: '0' } });
    await peer.ended;
    return { lines: peer.output.trimEnd().split('\n'), ending: peer.ending };
  }

  it('belong to all three kinds, each file to one', () => {
    const kinds = new Set(testFiles().map(kindOf));
    assert.deepEqual([...kinds].sort(), [...KINDS].sort());
    assert.equal(kindOf('floors.test.ts'), 'unit');
    assert.equal(kindOf(relative(join(ROOT, 'test'), join(ROOT, 'test/runner/runner.test.ts'))), 'integration');
    assert.equal(kindOf('real/guest.test.ts'), 'real');
    assert.equal(kindOf('rpc/ovsdb/store/kill.test.ts'), 'real');
  });

  it('go on after a failure, print its reason at once, and close with one line for all', async () => {
    const { lines, ending } = await runOf([
      `it('fails', () => { throw new Error('the reason'); }); it('goes on', () => {});`,
      `it('passes', () => {}); it.skip('is left out', () => {});`,
    ]);
    assert.equal(ending, 'ended with status 1');
    const at = (text: string): number => lines.findIndex((line) => line.includes(text));
    assert.ok(at('the reason') > 0 && at('the reason') < at('goes on'), lines.join('\n'));
    assert.deepEqual(lines.slice(-5), [
      'skipped: 1',
      '  is left out',
      'failed: 1',
      '  fails',
      'tests: 2 passed, 1 failed',
    ]);
  });

  it('count a run that died as failed', async () => {
    const { lines, ending } = await runOf([`process.exit(7);`, `it('passes', () => {});`]);
    assert.equal(ending, 'ended with status 1');
    assert.deepEqual(lines.slice(-3), [
      'failed: 1',
      '  the run-0 run ended with status 7',
      'tests: 1 passed, 1 failed',
    ]);
  });

  it('end with status 0 when all passed', async () => {
    const { lines, ending } = await runOf([`it('passes', () => {});`]);
    assert.equal(ending, 'ended with status 0');
    assert.equal(lines.at(-1), 'tests: 1 passed, 0 failed');
  });
});
