/**
 * The processor time that `explain` takes over a log of 10 MiB such as a host writes in a day, and the memory that it holds
 * meanwhile. The processor time, because other work of the machine makes the clock's useless.
 * ROUNDS in the environment (5). With --write the results go to bench/RESULTS.md.
 */
import assert from 'node:assert/strict';
import { Explainer } from '../../compat-tables/explain/explain.ts';
import { load, machine, median, writeSection } from '../results.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const SIZE = 10 * 1024 * 1024;
/** Standard input comes in pieces of this size. */
const CHUNK = 64 * 1024;

/** One line of each kind in turn: known and unknown, quiet and loud, with and without a vhost-user port. */
const KINDS: readonly ((index: number) => string)[] = [
  (n) =>
    `2026-01-01T00:00:00.351Z|${n}|dpdk|INFO|VHOST_CONFIG: (/run/vm/vhu${n % 40}) read message VHOST_USER_GET_FEATURES`,
  (n) => `2026-01-01T00:00:00.351Z|${n}|ofproto_dpif_upcall|INFO|flow limit ${n}, nothing to do with any port at all`,
  (n) =>
    `2026-01-01 00:00:00.000+0000: ${n}: debug : virThreadJobSetWorker:75 : Thread ${n} is running worker prio-rpc`,
  (n) => `Jan 01 00:00:00 host kernel: [${n}.123] some other line of a log that is rather long, as such lines are`,
  (n) => `2026-01-01T00:00:00.379Z|${n}|netdev_dpdk|WARN|vhu${n % 10}: something that nobody has written so far`,
  () => 'qemu-system-x86_64: vhost lacks feature mask 0x10000000 for backend',
  (n) =>
    `2026-01-01T00:00:00.351Z|${n}|dpdk|INFO|VHOST_CONFIG: (/run/vm/vhu${n % 40}) vring kick idx:0 file:${n % 500}`,
];

function log(): string {
  const lines: string[] = [];
  for (let size = 0, index = 0; size < SIZE; index += 1) {
    const line = KINDS[index % KINDS.length]?.(index) ?? '';
    lines.push(line);
    size += line.length + 1;
  }
  return lines.join('\n');
}

function explained(text: string): { readonly ms: number; readonly heapMiB: number } {
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = before;
  const start = process.cpuUsage();
  const reader = new Explainer([]);
  for (let at = 0; at < text.length; at += CHUNK) {
    reader.add(text.slice(at, at + CHUNK));
    most = Math.max(most, process.memoryUsage().heapUsed);
  }
  const { explanations, unknownCount } = reader.end();
  assert.ok(explanations.length > 0 && unknownCount > 0);
  const { user, system } = process.cpuUsage(start);
  return { ms: (user + system) / 1000, heapMiB: (most - before) / 2 ** 20 };
}

const text = log();
const figures = Array.from({ length: rounds }, () => explained(text));
const ms = median(figures.map((one) => one.ms));
const heapMiB = median(figures.map((one) => one.heapMiB));
const lines = text.split('\n').length.toLocaleString('en');
console.log(`${lines} lines, 10 MiB: ${ms.toFixed(0)} ms of processor, at most ${heapMiB.toFixed(0)} MiB of heap`);
if (process.argv.includes('--write'))
  writeSection(
    'explain',
    `${machine()}; ${rounds} rounds, load ${load()}.\n\n| work | lines | processor, ms (median) | most heap, MiB |\n| --- | ---: | ---: | ---: |\n| a log of 10 MiB | ${lines} | ${ms.toFixed(0)} | ${heapMiB.toFixed(0)} |`,
  );
