/** Back-ends that only negotiate, any number of them in one process. */
import { now, serve } from './helper.ts';
import { loadMocks } from './product.ts';

const { MockBackend, abilitiesOfRelease, findRelease } = await loadMocks();

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
