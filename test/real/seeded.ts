import { Chance } from '../rpc/ovsdb/fuzz/chance.ts';

/** A number from the environment; `standard` without one. */
export function numberOf(variable: string, standard: number): number {
  const text = process.env[variable];
  if (text === undefined) return standard;
  if (!/^\d+$/.test(text)) throw new Error(`Cannot read ${variable}: saw "${text}"; wanted a whole number`);
  return Number(text);
}

/** A seed for what a suite leaves to chance: `VHOST_COMPAT_SEED` repeats a run. It is printed, as a failure may need it. */
export function newSeed(): number {
  const seed = numberOf('VHOST_COMPAT_SEED', Date.now() % 1_000_000);
  process.stdout.write(`    VHOST_COMPAT_SEED=${seed}\n`);
  return seed;
}

/** Waits for a time that chance picks, in milliseconds. */
export async function pause(chance: Chance, from: number, to: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, from + chance.below(to - from)));
}

export { Chance };
