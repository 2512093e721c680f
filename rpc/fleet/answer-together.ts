/** The interfaces of one guest, asked about as one; for the command line and the management API alike. */
import { together, type Verdict } from '../../compat-tables/moves/together.ts';
import { type AnsweredMove, answerMove, type MoveQuestion, moveJson } from './answer-move.ts';
import { type GuestQuestion, guestInterfaces } from './guest-interfaces.ts';

export interface AnsweredTogether {
  readonly guest: GuestQuestion;
  readonly host: string;
  readonly interfaces: readonly AnsweredMove[];
  readonly verdict: Verdict;
  readonly notes: readonly string[];
}

/** Throws VC-INTERFACE-UNKNOWN. */
export function answerTogether(question: Omit<MoveQuestion, 'name'>, guest: GuestQuestion): AnsweredTogether {
  const { names, notes } = guestInterfaces(question.source, guest);
  const interfaces = names.map((name) => answerMove({ ...question, name }));
  const host = interfaces[0]?.answer.host ?? question.source.host;
  return { guest, host, interfaces, verdict: together(interfaces.map(({ answer }) => answer)), notes };
}

/** The answer for programs, in a stable form. */
export function togetherJson({ guest, host, interfaces, verdict, notes }: AnsweredTogether) {
  return {
    ...{ vm: 'vm' in guest ? guest.vm : null, all_of: 'allOf' in guest ? guest.allOf : null, host },
    possible: verdict.possible,
    targets: verdict.targets.map(({ tier, ...target }) => ({ ...target, tier: tier ?? null })),
    interfaces: interfaces.map(moveJson),
    notes,
  };
}
