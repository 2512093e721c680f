import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { MoveAnswer } from '../../compat-tables/moves/check-move.ts';
import { answerMove, moveJson } from '../../rpc/fleet/answer-move.ts';
import { argument, type Command } from '../shared/command.ts';
import { moveTable, moveText, POSTCOPY_OPTION } from '../shared/move-output.ts';
import { documentOf, documentsOf, ownDocument, TARGETS } from '../shared/targets.ts';

export const checkMoveCommand: Command = {
  name: 'check-move',
  summary: 'Tell whether an interface, as it runs now, can move to other hosts',
  args: [{ name: 'NAME', help: 'the interface' }, TARGETS],
  options: [
    { name: 'from', value: 'TARGET', help: 'the host of the interface, as a target (default: the one of --db)' },
    { name: 'version', value: 'VERSION', help: 'judge by this version on the targets and by no other' },
    POSTCOPY_OPTION,
  ],
  example: 'vhu0 tcp:node2:6641 node3.json',
  details: [
    'A running guest is judged by the features that it took, its ring sizes and its queue pairs; one that does not run,',
    'by the version of its next start. Yes comes with the version to pin there, no with each missing feature. Exit',
    'status 0 when it can move to every target, 3 when not. From the document of a device alone, NAME is the version in',
    'which the device runs, or self: the one that the document says.',
  ].join(' '),
  async run(context, input) {
    const name = argument(input, 0);
    const from = input.option('from');
    const source = from === undefined ? await ownDocument(context) : await documentOf(context, from);
    const targets = await documentsOf(context, input.args.slice(1));
    const answered = answerMove({
      source,
      name,
      targets,
      version: input.option('version'),
      postcopy: input.flag('postcopy'),
    });
    const { answer } = answered;
    return {
      text: moveText(answer),
      table: moveTable([answer]),
      json: { kind: 'move', ...moveJson(answered) },
      ...(answer.possible ? {} : { refusal: cannotMove(answer) }),
    };
  },
};

function cannotMove({ interface: name, host, targets }: MoveAnswer): CompatError {
  const refused = targets.filter(({ possible }) => !possible);
  const reasons = refused.map((one) => one.obstacles.map(({ text }) => text).join('; ')).join('; ');
  const hosts = refused.map((one) => one.host);
  const names = refused.flatMap((one) => one.obstacles.flatMap(({ missing }) => missing.map((bit) => bit.name)));
  const text = `${name} cannot move from ${host} to ${hosts.join(', ')}: ${reasons}`;
  return new CompatError('VC-MOVE', text, { interface: name, host, targets: hosts, missing: [...new Set(names)] });
}
