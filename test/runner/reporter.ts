import Mocha from 'mocha';

const { Base, Spec } = Mocha.reporters;

/** The result of one run of mocha, sent to the process that started it (runs.ts) at its end. */
export interface RunReport {
  readonly passed: number;
  /** Full titles. */
  readonly failed: readonly string[];
  /** Full titles. */
  readonly skipped: readonly string[];
}

/**
 * Mocha's usual report, in which the reason of a failure stands where the test failed, not at the end of a long run
 * only. A run that was started by runs.ts sends its figures there; a run by hand is closed by the same lines.
 */
export default class Reporter extends Spec {
  readonly #skipped: string[] = [];

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.on('fail', (test) => Base.list([test]));
    runner.on('pending', (test) => this.#skipped.push(test.fullTitle()));
  }

  override epilogue(): void {
    super.epilogue();
    const failed = this.failures.map((test) => test.fullTitle());
    const report: RunReport = { passed: this.stats.passes, failed, skipped: this.#skipped };
    if (process.send === undefined) for (const line of closingLines([report])) Base.consoleLog(line);
    else process.send(report);
  }
}

/**
 * What was skipped and what failed by title, then the line that CI and people count by, alone and last. A green run
 * never hides what it did not try.
 */
export function closingLines(reports: readonly RunReport[]): string[] {
  const skipped = reports.flatMap((report) => report.skipped);
  const failed = reports.flatMap((report) => report.failed);
  const passed = reports.reduce((sum, report) => sum + report.passed, 0);
  return [
    ...(skipped.length === 0 ? [] : [`skipped: ${skipped.length}`, ...skipped.map((title) => `  ${title}`)]),
    ...(failed.length === 0 ? [] : [`failed: ${failed.length}`, ...failed.map((title) => `  ${title}`)]),
    `tests: ${passed} passed, ${failed.length} failed`,
  ];
}
