import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { MoveAnswer } from '../../compat-tables/moves/check-move.ts';
import { answerMove, type MoveQuestion, moveJson } from '../../rpc/fleet/answer-move.ts';
import { answerTogether, togetherJson } from '../../rpc/fleet/answer-together.ts';
import type { GuestQuestion } from '../../rpc/fleet/guest-interfaces.ts';
import { argument, type Command, type CommandResult, type Input, usageOf } from '../shared/command.ts';
import { UsageError } from '../shared/command-errors.ts';
import { moveTable, moveText, POSTCOPY_OPTION } from '../shared/move-output.ts';
import { documentOf, documentsOf, ownDocument, TARGETS } from '../shared/targets.ts';
import { guestName, togetherRefusal, togetherTable, togetherText } from '../shared/together-output.ts';

export const checkMoveCommand: Command = {
  name: 'check-move',
  summary: 'Tell whether an interface, as it runs now, can move to other hosts',
  args: [
    { name: 'NAME', help: 'the interface; with --vm or --all-of the first target' },
    { ...TARGETS, arity: 'any' },
  ],
  options: [
    { name: 'from', value: 'TARGET', help: 'the host of the interface, as a target (default: the one of --db)' },
    { name: 'version', value: 'VERSION', help: 'judge by this version on the targets and by no other' },
    POSTCOPY_OPTION,
    { name: 'vm', value: 'ID', help: 'all interfaces of this VM as one (external_ids:vm-uuid or vm-id)' },
    {
      ...{ name: 'all-of', value: 'PEER' },
      help: 'all interfaces of one front-end process as one: its number, or one of its interfaces',
    },
  ],
  example: 'vhu0 tcp:node2:6641 node3.json',
  details: [
    'A running guest is judged by the features that it took, its ring sizes and its queue pairs; one that does not run,',
    'by the version of its next start. Yes comes with the version to pin there, no with each missing feature. Exit',
    'status 0 when it can move to every target, 3 when not. From the document of a device alone, NAME is the version in',
    'which the device runs, or self: the one that the document says. A guest with several interfaces moves only where all',
    'of them can; --vm and --all-of ask so.',
  ].join(' '),
  async run(context, input) {
    const guest = guestOf(input);
    const targets = targetsOf(input, guest);
    const from = input.option('from');
    const source = from === undefined ? await ownDocument(context) : await documentOf(context, from);
    const question = {
      ...{ source, targets: await documentsOf(context, targets) },
      ...{ version: input.option('version'), postcopy: input.flag('postcopy') },
    };
    return guest === undefined ? one({ ...question, name: argument(input, 0) }) : all(question, guest);
  },
};

/** Throws UsageError: two guests. */
function guestOf(input: Input): GuestQuestion | undefined {
  const [vm, allOf] = [input.option('vm'), input.option('all-of')];
  if (vm !== undefined && allOf !== undefined)
    throw new UsageError('Cannot check a move: saw --vm and --all-of; wanted one of them');
  if (vm !== undefined) return { vm };
  return allOf === undefined ? undefined : { allOf };
}

/** Throws UsageError: none. */
function targetsOf({ args }: Input, guest: GuestQuestion | undefined): readonly string[] {
  const targets = guest === undefined ? args.slice(1) : args;
  if (targets.length > 0) return targets;
  throw new UsageError('Cannot check a move: saw no TARGET; wanted one or more', { usage: usageOf(checkMoveCommand) });
}

function one(question: MoveQuestion): CommandResult {
  const answered = answerMove(question);
  const { answer } = answered;
  return {
    text: moveText(answered),
    table: moveTable([answer]),
    json: { kind: 'move', ...moveJson(answered) },
    ...(answer.possible ? {} : { refusal: cannotMove(answer) }),
  };
}

function all(question: Omit<MoveQuestion, 'name'>, guest: GuestQuestion): CommandResult {
  const answered = answerTogether(question, guest);
  return {
    text: togetherText(answered),
    table: togetherTable(answered),
    json: { kind: 'move-together', ...togetherJson(answered) },
    notes: answered.notes.map((note) => `${guestName(guest)}: ${note}`),
    ...(answered.verdict.possible ? {} : { refusal: togetherRefusal(answered) }),
  };
}

function cannotMove({ interface: name, host, targets }: MoveAnswer): CompatError {
  const refused = targets.filter(({ possible }) => !possible);
  const reasons = refused.map((target) => target.obstacles.map(({ text }) => text).join('; ')).join('; ');
  const hosts = refused.map((target) => target.host);
  const names = refused.flatMap((target) => target.obstacles.flatMap(({ missing }) => missing.map((bit) => bit.name)));
  const text = `${name} cannot move from ${host} to ${hosts.join(', ')}: ${reasons}`;
  return new CompatError('VC-MOVE', text, { interface: name, host, targets: hosts, missing: [...new Set(names)] });
}
