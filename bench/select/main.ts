/**
 * How long a selection over a whole fleet takes once its documents are read, beside the whole matrix, which is the plain
 * way to find the same answer. ROUNDS in the environment (31) and HOSTS (10000) set
 * its size. With --write the results go to bench/RESULTS.md.
 */
import assert from 'node:assert/strict';
import { matrix } from '../../compat-tables/compare/matrix.ts';
import { POLICIES, type Policy } from '../../compat-tables/compare/selection-input.ts';
import type { HostDocument } from '../../rpc/fleet/host-document.ts';
import { parseDocument } from '../../rpc/fleet/read-documents.ts';
import { comparable, selectVersion } from '../../rpc/fleet/selection.ts';
import { median, writeSection } from '../results.ts';
import { devices, type Fleet, releases, strangers } from './fleets.ts';
import { circumstances, type Figure, table } from './report.ts';

const rounds = Number(process.env['ROUNDS'] ?? 31);

function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** The answer by way of the whole matrix. For the policy consensus only the time counts, so the same row will do. */
function plainAnswer(documents: readonly HostDocument[], policy: Policy): string | undefined {
  return matrix(comparable(documents), policy).rows.find(({ common }) => common)?.version;
}

function loaded({ name, texts }: Fleet): { name: string; documents: HostDocument[]; loadMs: number } {
  const start = performance.now();
  const documents = texts.map((text, host) => parseDocument(text, `node${host}.json`));
  return { name, documents, loadMs: performance.now() - start };
}

const figures: Figure[] = [];
// One fleet at a time, and its texts are let go of once they are read: whoever selects has only the documents.
for (const fleetOf of [releases, strangers, devices]) {
  const { name, documents, loadMs } = loaded(fleetOf());
  assert.equal(selectVersion(documents).version, plainAnswer(documents, 'source'));
  for (const policy of POLICIES) {
    const firstMs = timed(() => selectVersion(documents, { policy }));
    const ours = Array.from({ length: rounds }, () => timed(() => selectVersion(documents, { policy }).version));
    const plain = Array.from({ length: 3 }, () => timed(() => plainAnswer(documents, policy)));
    const figure = { name, policy, loadMs, firstMs, ours, plain };
    figures.push(figure);
    console.log(`${name}, ${policy}: ${median(ours).toFixed(2)} ms, the matrix ${median(plain).toFixed(0)} ms`);
  }
}

if (process.argv.includes('--write')) {
  writeSection('select', `${circumstances(rounds)}\n\n${table(figures)}`);
}
