import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../root.ts';
import { closingLines, type RunReport } from './reporter.ts';

/** One run of mocha in a process of its own. */
export interface Run {
  readonly name: string;
  readonly files: readonly string[];
  /** Further options of mocha. */
  readonly options: readonly string[];
}

/** Runs one after the other, all of them whatever fails, and prints the closing lines for all; true when all passed. */
export async function runAll(runs: readonly Run[]): Promise<boolean> {
  const reports: RunReport[] = [];
  for (const run of runs) {
    console.log(`\n${run.name} tests: ${run.files.length} files`);
    reports.push(await reportOf(run));
  }
  for (const line of closingLines(reports)) console.log(line);
  return reports.every((report) => report.failed.length === 0);
}

function reportOf({ name, files, options }: Run): Promise<RunReport> {
  const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
  const child = spawn(process.execPath, [mocha, ...options, ...files], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  let report: RunReport | undefined;
  child.on('message', (message) => {
    report = message as RunReport;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const { passed = 0, failed = [], skipped = [] } = report ?? {};
      // A run that died, and one that found nothing wrong but says that it failed, are failures too.
      const broken = code !== 0 && failed.length === 0;
      const ending = `the ${name} run ended with ${signal ?? `status ${code}`}`;
      resolve({ passed, failed: broken ? [ending] : failed, skipped });
    });
  });
}
