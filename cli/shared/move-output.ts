import { limitName } from '../../compat-tables/bits/queue-counts.ts';
import type { Lost, Outlook } from '../../compat-tables/moves/after-the-move.ts';
import type { BlockingBit } from '../../compat-tables/moves/blocking-bits.ts';
import type { Mode, MoveAnswer, TargetAnswer } from '../../compat-tables/moves/check-move.ts';
import type { Obstacle } from '../../compat-tables/moves/obstacles.ts';
import type { AnsweredMove } from '../../rpc/fleet/answer-move.ts';
import type { OptionSpec } from './command.ts';
import { maskText, type Table } from './formats.ts';

/** Answers about moves as table and text, for check-move and drain. */

export const POSTCOPY_OPTION = {
  name: 'postcopy',
  help: 'by post-copy: the back-ends of the targets have to wait for pages (PAGEFAULT)',
} as const satisfies OptionSpec;

export function moveTable(answers: readonly MoveAnswer[]): Table {
  return {
    headings: ['interface', 'host', 'target', 'possible', 'pin', 'others', 'code', 'reason', 'missing', 'warnings'],
    narrow: ['interface', 'target', 'possible', 'pin', 'reason'],
    rows: answers.flatMap((answer) =>
      answer.targets.map((target) => {
        const [first] = target.obstacles;
        const missing = target.obstacles.flatMap((one) => one.missing.map(({ name }) => name));
        const reason = target.obstacles.map(({ text }) => text).join('; ');
        return [
          ...[answer.interface, answer.host, target.host, target.possible, target.pin?.version],
          target.others.map(({ version }) => version),
          ...[first?.code, reason, missing, target.warnings.join('; ')],
        ];
      }),
    ),
  };
}

/** The answer as a person would give it. */
export function moveText({ answer, deviceType }: AnsweredMove): string {
  const device = answer.decidedByDevice;
  return [
    `${answer.interface} on ${answer.host}: ${basisText(answer, deviceType)}`,
    ...(device.length === 0
      ? []
      : [`  QEMU decides alone about ${device.join(', ')}: give the device the same properties there`]),
    ...answer.targets.flatMap((target) => ['', ...targetLines(target, answer)]),
    '',
  ].join('\n');
}

const BY_DOCUMENTS = 'judged by the documents of the devices alone';

function basisText({ basis, version, need }: MoveAnswer, deviceType: string): string {
  const mode = version === undefined ? '' : ` of ${version}`;
  if (basis === 'document') return `${version === undefined ? '' : `version ${version}, `}${BY_DOCUMENTS}`;
  if (need === undefined) return 'nothing is known of what it would need';
  if (basis === 'acked') return `its guest took ${maskText(need.features)}${mode}${sizes(need.limits, deviceType)}`;
  if (basis === 'in-force') return `its guest was offered ${version ?? 'a mode'} and has taken nothing yet`;
  return `not running; judged by its next start, ${version}`;
}

function sizes(limits: Readonly<Record<string, number>>, deviceType: string): string {
  const texts = Object.entries(limits).map(([name, value]) => `${limitName(deviceType, name)} ${value}`);
  return texts.length === 0 ? '' : `, ${texts.join(', ')}`;
}

function targetLines(target: TargetAnswer, { basis: all }: MoveAnswer): string[] {
  const { host, basis = all, possible, pin, pinned = false, others, asItStands, obstacles, warnings, after } = target;
  const notes = [...(basis === all ? [] : [`  ${BY_DOCUMENTS}`]), ...warnings.map((text) => `  warning: ${text}`)];
  if (!possible) return [`${host}: no`, ...obstacles.flatMap(obstacleLines), ...notes];
  const stands = asItStands === undefined || asItStands.version === pin?.version ? undefined : asItStands;
  return [
    pin === undefined
      ? `${host}: yes`
      : `${host}: yes, ${pinned ? `${pinText(pin)} is pinned there already` : `pin ${pinText(pin)} there`}`,
    ...(others.length === 0 ? [] : [`  these would do too: ${others.map(({ version }) => version).join(', ')}`]),
    ...(stands === undefined
      ? []
      : [
          stands.fits
            ? `  as it stands it gets ${stands.version}, which would do`
            : `  as it stands it gets ${stands.version}, and the migration fails${because(stands.missing)}`,
        ]),
    ...notes,
    ...(after === undefined ? [] : outlookLines(host, after)),
  ];
}

function pinText({ version, same, tier }: Mode): string {
  const remarks = [...(same ? ['the same version'] : []), ...(tier === 'both-ways' ? [] : [tier])];
  return remarks.length === 0 ? version : `${version} (${remarks.join(', ')})`;
}

function because(missing: readonly string[]): string {
  return missing.length === 0 ? '' : ` (${missing.join(', ')})`;
}

function obstacleLines({ code, text, remedy, missing }: Obstacle): string[] {
  return [`  ${text} [${code}]`, ...missing.flatMap(missingLines), `    remedy: ${remedy}`];
}

function missingLines({ bit, name, meaning, culprit }: BlockingBit): string[] {
  return [`    ${name} (${bit}): ${meaning}`, `      ${culprit}`];
}

function outlookLines(host: string, { reachable, lost, rebind }: Outlook): string[] {
  const lines = [
    `  from ${host} it can go on to: ${reachable.join(', ') || 'none of these hosts'}`,
    ...lost.map((one) => `  from ${host} it cannot go to: ${lostText(one)}`),
  ];
  if (rebind.gains.length === 0) return lines;
  const cost =
    rebind.lost.length === 0 ? 'and loses no host by that' : `and then loses ${rebind.lost.map(lostText).join('; ')}`;
  return [...lines, `  when its driver starts anew there it may take ${rebind.gains.join(', ')}, ${cost}`];
}

function lostText({ host, missing }: Lost): string {
  return `${host}${because(missing)}`;
}
