/** Back-ends that only negotiate, any number of them in one process. */

import { abilitiesOfRelease, MockBackend } from '../../agent/mock/mock-backend.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { now, serve } from './helper.ts';

serve({
  /** For whoever wants the process to be there before it is needed. */
  ready: () => true,
  /** Gives the moment when all of them can be reached. */
  open: async ({ paths, like }: { paths: readonly string[]; like: string }) => {
    const abilities = abilitiesOfRelease(findRelease(like));
    await Promise.all(
      paths.map((path) => new MockBackend({ role: 'listen', path }, abilities, { maxRecorded: 0 }).open()),
    );
    return now();
  },
});
