import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Bench } from '../../support.ts';
import { Neighbour } from './neighbour.ts';
import { DescriptorKit } from './raw.ts';
import { filesAtRest, fuzzRound, openFiles } from './round.ts';

/** A longer run, and another beginning: what a failure prints makes it happen again. */
const SECONDS = Number(process.env['VHOST_COMPAT_FUZZ_SECONDS'] ?? 0);
const SEED = Number(process.env['VHOST_COMPAT_FUZZ_SEED'] ?? (SECONDS > 0 ? Date.now() % 2 ** 20 : 20_261));
const ROUNDS_AT_LEAST = 2;
const ROUND_MS = SECONDS > 0 ? 4000 : 1000;
/** Rounds after which the process has what it needs for good, caches included. */
const WARM_UP = 5;
const HEAP_GROWTH_BYTES = 32 << 20;
const GROWTH_BYTES = 300 << 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function memory(): { readonly heap: number; readonly rss: number } {
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}

describe('ports between peers that break every rule', function () {
  this.timeout((SECONDS + 120) * 1000);
  let seed = SEED;
  const unforeseen = (error: unknown): void => {
    process.stderr.write(`VHOST_COMPAT_FUZZ_SEED=${seed}: nobody caught ${(error as Error).stack ?? String(error)}\n`);
  };
  before(() => process.prependListener('uncaughtExceptionMonitor', unforeseen));
  after(() => process.removeListener('uncaughtExceptionMonitor', unforeseen));

  it(`offer the mode, lose no descriptor and disturb nobody (${SECONDS > 0 ? `${SECONDS} s` : `${ROUNDS_AT_LEAST} rounds`})`, async () => {
    const bench = new Bench();
    const kit = new DescriptorKit();
    let messages = 0;
    const count = (more: number): void => {
      messages += more;
    };
    const begin = performance.now();
    let round = 0;
    try {
      const neighbour = await Neighbour.open(bench, count);
      const files = await filesAtRest();
      let first: ReturnType<typeof memory> | undefined;
      for (; round < ROUNDS_AT_LEAST || performance.now() < begin + SECONDS * 1000; round += 1) {
        seed = SEED + round;
        await fuzzRound({ seed, kit, neighbour, count, ms: ROUND_MS, files });
        if (round === WARM_UP) first = memory();
        if (!first || round % 10 !== 0) continue;
        const now = memory();
        assert.ok(now.heap - first.heap < HEAP_GROWTH_BYTES, `heap ${first.heap}, then ${now.heap}`);
        assert.ok(now.rss - first.rss < GROWTH_BYTES, `memory ${first.rss}, then ${now.rss}`);
      }
      assert.ok(openFiles() <= files, 'files stay open');
    } catch (error) {
      const text = `VHOST_COMPAT_FUZZ_SEED=${seed} fails at once with rounds of ${ROUND_MS} ms (round ${round}): ${(error as Error).message}`;
      throw new Error(text, { cause: error });
    } finally {
      bench.close();
      kit.close();
    }
    const seconds = (performance.now() - begin) / 1000;
    const rate = Math.round(messages / seconds);
    process.stdout.write(`      ${messages} messages in ${round} rounds from seed ${SEED}, ${rate} each second\n`);
    assert.ok(messages > 100, 'the attackers hardly said anything'); // a busy machine has less time for them
  });
});
