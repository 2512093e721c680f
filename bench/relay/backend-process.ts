/** Back-ends that only negotiate, any number of them in one process. */

import { abilitiesOfRelease, MockBackend } from '../../agent/mock/mock-backend.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { now, serve } from './helper.ts';

serve({
  /** Answers once the process has started. */
  ready: () => true,
  /** Returns the time when all of them can be reached. */
  open: async ({ paths, like }: { paths: readonly string[]; like: string }) => {
    const abilities = abilitiesOfRelease(findRelease(like));
    await Promise.all(
      paths.map((path) => new MockBackend({ role: 'listen', path }, abilities, { maxRecorded: 0 }).open()),
    );
    return now();
  },
});
