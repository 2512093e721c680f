/** The exit statuses of both programs. Scripts rely on these numbers; they never change their meaning. */
export const EXIT = { done: 0, failed: 1, usage: 2, no: 3, unreachable: 4 } as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** The same for docs/errors.md. */
export const EXIT_TEXT = {
  failed: 'failed',
  usage: 'wrong usage',
  no: 'the answer is no',
  unreachable: 'unreachable or timed out',
} as const satisfies Record<Exclude<keyof typeof EXIT, 'done'>, string>;
