/** Several interfaces of one guest as one verdict: it moves only where all of them can, and as far as the strictest allows. */
import type { Tier } from '../entries/entry.ts';
import type { MoveAnswer, TargetAnswer } from './check-move.ts';

export interface TargetVerdict {
  readonly host: string;
  readonly possible: boolean;
  /** The strictest of the modes to pin there; undefined: not possible, or none of the interfaces gets a version. */
  readonly tier: Tier | undefined;
  /** The interfaces that cannot go there. */
  readonly stuck: readonly string[];
  /** Where all of them can go on to from there. */
  readonly reachable: readonly string[];
}

export interface Verdict {
  /** To every target. */
  readonly possible: boolean;
  readonly targets: readonly TargetVerdict[];
}

/** The later, the stricter. */
const STRICTNESS: readonly Tier[] = ['both-ways', 'forward-only', 'best-effort'];

/** The answers are about the same targets, in the same order. */
export function together(answers: readonly MoveAnswer[]): Verdict {
  const targets = (answers[0]?.targets ?? []).map(({ host }, index) => {
    const each = answers.flatMap(({ interface: name, targets: all }) => {
      const target = all[index];
      return target === undefined ? [] : [{ name, target }];
    });
    const stuck = each.filter(({ target }) => !target.possible).map(({ name }) => name);
    const possible = stuck.length === 0;
    const there = each.map(({ target }) => target);
    return { host, possible, stuck, tier: possible ? strictest(there) : undefined, reachable: reachable(there) };
  });
  return { possible: targets.every(({ possible }) => possible), targets };
}

function strictest(there: readonly TargetAnswer[]): Tier | undefined {
  const tiers = there.flatMap(({ pin }) => pin?.tier ?? []);
  return STRICTNESS.findLast((tier) => tiers.includes(tier));
}

/** One that was judged by documents alone says nothing of hosts beyond, and so do all. */
function reachable(there: readonly TargetAnswer[]): string[] {
  const [first, ...others] = there.map(({ after }) => after?.reachable ?? []);
  return (first ?? []).filter((host) => others.every((hosts) => hosts.includes(host)));
}
