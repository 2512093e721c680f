import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { MoveAnswer } from '../../compat-tables/moves/check-move.ts';
import { answerDrain, moveJson } from '../../rpc/fleet/answer-move.ts';
import { argument, type Command } from '../shared/command.ts';
import type { Cell, Table } from '../shared/formats.ts';
import { moveTable, POSTCOPY_OPTION } from '../shared/move-output.ts';
import type { Part } from '../shared/page.ts';
import { documentOf, documentsOf, TARGETS } from '../shared/targets.ts';

export const drain: Command = {
  name: 'drain',
  summary: 'Tell where each interface of a host can go now, and which can go nowhere',
  args: [{ name: 'HOST', help: 'the host to empty, as a target' }, TARGETS],
  options: [POSTCOPY_OPTION],
  example: 'host:node1 host:node2 host:node3',
  details: [
    'Each interface is judged as check-move does. Whether the targets have room is not looked at. Exit status 0 when',
    'every interface can go to one of the targets at least, 3 when not.',
  ].join(' '),
  async run(context, input) {
    const source = await documentOf(context, argument(input, 0));
    const drained = answerDrain(source, await documentsOf(context, input.args.slice(1)), {
      postcopy: input.flag('postcopy'),
    });
    const answers = drained.map(({ answer }) => answer);
    const stuck = answers.filter(({ targets }) => !targets.some(({ possible }) => possible));
    const name = answers[0]?.host ?? source.host;
    return {
      text: drainText(answers, name),
      table: moveTable(answers),
      json: {
        ...{ kind: 'drain', host: name, possible: stuck.length === 0, stuck: stuck.map((one) => one.interface) },
        interfaces: drained.map(moveJson),
      },
      ...(stuck.length === 0 ? {} : { refusal: cannotDrain(name, stuck) }),
    };
  },
};

/** Interfaces against targets, and below it why some can go nowhere. */
function drainText(answers: readonly MoveAnswer[], host: string): Part[] {
  const [first] = answers;
  if (first === undefined) return [`${host} has no interfaces`];
  const hosts = first.targets.map((target) => target.host);
  const table: Table = {
    headings: ['interface', ...hosts],
    titles: ['INTERFACE', ...hosts],
    rows: answers.map((answer): Cell[] => [
      answer.interface,
      ...answer.targets.map(({ possible, pin }) => (possible ? (pin?.version ?? 'yes') : 'no')),
    ]),
  };
  const reasons = answers
    .filter(({ targets }) => !targets.some(({ possible }) => possible))
    .flatMap((answer) => [
      `${answer.interface} can go nowhere:`,
      ...answer.targets.flatMap(({ host: target, obstacles }) => [
        `  ${target}: ${obstacles.map(({ text, code }) => `${text} [${code}]`).join('; ')}`,
        `    remedy: ${[...new Set(obstacles.map(({ remedy }) => remedy))].join(' ')}`,
      ]),
    ]);
  const warnings = warningLines(answers);
  return [
    { table },
    ...(reasons.length === 0 ? [] : ['', ...reasons]),
    ...(warnings.length === 0 ? [] : ['', 'warnings:', ...warnings]),
  ];
}

/** What a yes warns of, once for each target, with the interfaces that it is about. */
function warningLines(answers: readonly MoveAnswer[]): string[] {
  const about = new Map<string, string[]>();
  for (const { interface: name, targets } of answers)
    for (const { host, possible, warnings } of targets)
      for (const text of possible ? warnings : []) {
        const line = `  ${host}: ${text}`;
        about.set(line, [...(about.get(line) ?? []), name]);
      }
  return [...about].map(([line, names]) => `${line} (${names.join(', ')})`);
}

function cannotDrain(host: string, stuck: readonly MoveAnswer[]): CompatError {
  const names = stuck.map((one) => one.interface);
  const text = `${host} cannot be drained: ${names.join(', ')} can go to none of the targets`;
  return new CompatError('VC-DRAIN', text, { host, interfaces: names });
}
