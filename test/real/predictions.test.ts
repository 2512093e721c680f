import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needsGuest } from '../peers/guest.ts';
import { Peers } from '../peers/process.ts';
import { needsTestpmd } from '../peers/testpmd.ts';
import { ROOT } from '../root.ts';
import { PredictionBench } from './predictions-bench.ts';
import { pairIn, pairText, predictionsDocument, rowsIn, rowText, verdict } from './predictions-document.ts';
import { PAIRS, type Pair, pairName } from './predictions-pairs.ts';
import { Chance, newSeed } from './seeded.ts';

const DOCUMENT = join(ROOT, 'docs', 'predictions.md');
const UPDATE = process.env['UPDATE_DOCS'] === '1';

/** `VHOST_COMPAT_PAIRS`: `all`, a part of their names, or (the default) one of each kind. */
function chosen(): readonly Pair[] {
  const wanted = process.env['VHOST_COMPAT_PAIRS'];
  if (wanted === 'all') return PAIRS;
  if (wanted !== undefined) return PAIRS.filter((pair) => pairText(pair).includes(wanted));
  const chance = new Chance(newSeed());
  const kinds = [...new Set(PAIRS.map(({ kind }) => kind))];
  return kinds.map((kind) => chance.pick(PAIRS.filter((pair) => pair.kind === kind)));
}

describe('what check-move predicts', function () {
  this.timeout(300_000);

  it('is in docs/predictions.md for these pairs, at least 40', function () {
    if (UPDATE) this.skip();
    const written = rowsIn(readFileSync(DOCUMENT, 'utf8')).map(pairIn);
    assert.deepEqual(written, PAIRS.map(pairText));
    assert.equal(new Set(written).size, PAIRS.length, 'no pair twice');
    assert.ok(PAIRS.length >= 40);
  });

  describe('comes true', () => {
    const peers = new Peers();
    const fresh = new Map<string, string>();
    let bench: PredictionBench;
    let known: readonly string[] = [];

    before(async function () {
      needsTestpmd(this);
      const guest = await needsGuest(this);
      if (!UPDATE) known = rowsIn(readFileSync(DOCUMENT, 'utf8'));
      bench = await PredictionBench.start(peers, guest);
    });
    after(async () => {
      await peers.end();
      if (!UPDATE || fresh.size === 0) return;
      // Read as late as that: runs for several kinds may go on side by side.
      const old = existsSync(DOCUMENT) ? rowsIn(readFileSync(DOCUMENT, 'utf8')) : [];
      const rows = PAIRS.flatMap((pair) => {
        const text = pairText(pair);
        return fresh.get(text) ?? old.find((one) => pairIn(one) === text) ?? [];
      });
      writeFileSync(DOCUMENT, predictionsDocument(rows));
    });

    for (const pair of chosen()) {
      it(pairName(pair), async () => {
        const row = { pair, outcome: await bench.run(pair) };
        fresh.set(pairText(pair), rowText(row));
        if (process.env['VHOST_COMPAT_VERBOSE'] === '1') process.stdout.write(`    ${JSON.stringify(row.outcome)}\n`);
        assert.equal(verdict(row), undefined);
        if (!UPDATE)
          assert.equal(
            rowText(row),
            known.find((one) => pairIn(one) === pairText(pair)),
          );
      });
    }
  });
});
