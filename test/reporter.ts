import Mocha from 'mocha';

/**
 * Mocha's usual report, closed by one line that CI and people can count by. What was skipped for want of a peer is
 * listed with what to install, so that a green run never hides what it did not try.
 */
export default class Reporter extends Mocha.reporters.Spec {
  override epilogue(): void {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    if (pending > 0) Mocha.reporters.Base.consoleLog(`skipped: ${pending} (see the titles above for what they need)`);
    Mocha.reporters.Base.consoleLog(`tests: ${passes} passed, ${failures} failed`);
  }
}
