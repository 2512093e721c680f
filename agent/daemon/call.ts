/** What a call of `vhost-compatd` is for, told before its command line is really read. */

/** Options that take a value which is the next word; the others have none, or it follows `=`. */
export const WITH_VALUE: readonly string[] = [
  ...['--config', '--run-dir', '--state-dir', '--database', '--db-remote', '--db-remote-ro', '--db-socket-mode'],
  ...['--db-inactivity-probe', '-p', '--private-key', '-c', '--certificate', '-C', '--ca-cert', '--db', '--api'],
  ...['--tables', '--system-id', '--hostname', '--socket-group', '--event-limit', '--log-level'],
];

const ONLY_SPEAKS: readonly string[] = ['--check-state', '--help', '-h', '--version', '-V'];

/**
 * Whether the agent itself is to run. Everything else, a command or a question, must leave alone what a running agent has
 * in the run directory, in whatever environment it was started.
 */
export function runsAgent(args: readonly string[]): boolean {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (ONLY_SPEAKS.includes(word) || !word.startsWith('-')) return false;
    if (WITH_VALUE.includes(word)) at += 1;
  }
  return true;
}
