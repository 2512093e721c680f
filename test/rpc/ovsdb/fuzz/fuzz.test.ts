import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Peers } from '../../../peers/process.ts';
import { fuzzRound } from './round.ts';

/** A longer run, and another beginning: what a failure prints makes it happen again. */
const SECONDS = Number(process.env['VHOST_COMPAT_FUZZ_SECONDS'] ?? 0);
const SEED = Number(process.env['VHOST_COMPAT_FUZZ_SEED'] ?? (SECONDS > 0 ? Date.now() % 2 ** 31 : 20_261_121));
const ROUNDS_AT_LEAST = 25;
/** Rounds after which the process has what it needs for good, caches included. */
const WARM_UP = 5;
const GROWTH_BYTES = 300 << 20;

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('requests that are valid, almost valid, and broken', function () {
  this.timeout((SECONDS + 120) * 1000);
  const peers = new Peers();
  after(() => peers.end());

  it(`break nothing (${SECONDS > 0 ? `${SECONDS} s` : `${ROUNDS_AT_LEAST} rounds`})`, async () => {
    const folder = peers.folder();
    const model = new Map<number, string>();
    const end = performance.now() + SECONDS * 1000;
    let before = { descriptors: 0, memory: 0 };
    for (let round = 0; round < ROUNDS_AT_LEAST || performance.now() < end; round++) {
      const seed = SEED + round;
      try {
        await fuzzRound(join(folder, 'fuzz.db'), join(folder, 'fuzz.sock'), seed, model);
        if (round === WARM_UP) before = { descriptors: descriptors(), memory: process.memoryUsage().rss };
        if (round <= WARM_UP) continue;
        assert.ok(descriptors() <= before.descriptors, `${descriptors()} descriptors after ${before.descriptors}`);
        assert.ok(process.memoryUsage().rss - before.memory < GROWTH_BYTES, 'memory grows');
      } catch (error) {
        throw new Error(`VHOST_COMPAT_FUZZ_SEED=${SEED} fails in round ${round}, whose own seed is ${seed}`, {
          cause: error,
        });
      }
    }
  });
});
