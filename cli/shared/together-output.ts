import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { TargetVerdict } from '../../compat-tables/moves/together.ts';
import type { AnsweredTogether } from '../../rpc/fleet/answer-together.ts';
import type { GuestQuestion } from '../../rpc/fleet/guest-interfaces.ts';
import type { Table } from './formats.ts';
import { moveText } from './move-output.ts';

/** The verdict about all interfaces of a guest as table and text. */

export function guestName(guest: GuestQuestion): string {
  return 'vm' in guest ? `VM ${guest.vm}` : `front-end ${guest.allOf}`;
}

/** One row for each target; those of the interfaces are in the JSON. */
export function togetherTable({ guest, host, verdict, interfaces }: AnsweredTogether): Table {
  const names = interfaces.map(({ answer }) => answer.interface);
  return {
    headings: ['guest', 'host', 'target', 'possible', 'tier', 'interfaces', 'stuck', 'reason', 'reachable'],
    narrow: ['guest', 'target', 'possible', 'tier', 'reason'],
    rows: verdict.targets.map((target, index) => [
      ...[guestName(guest), host, target.host, target.possible, target.tier, names, target.stuck],
      reasonsFor({ interfaces }, index).join('; '),
      target.reachable,
    ]),
  };
}

export function togetherText({ guest, host, verdict, interfaces }: AnsweredTogether): string {
  const names = interfaces.map(({ answer }) => answer.interface).join(', ');
  return [
    `${guestName(guest)} on ${host}, with ${names}:`,
    ...verdict.targets.flatMap((target) => targetLines(target)),
    '',
    ...interfaces.map(moveText),
  ].join('\n');
}

function targetLines({ host, possible, stuck, tier, reachable }: TargetVerdict): string[] {
  if (!possible) return [`  ${host}: no, because of ${stuck.join(', ')}`];
  const strict = tier === undefined || tier === 'both-ways' ? '' : `, ${tier} (the strictest of its interfaces)`;
  return [`  ${host}: yes${strict}; from there all can go on to: ${reachable.join(', ') || 'none of these hosts'}`];
}

/** Each interface that cannot go to the target, with why. */
function reasonsFor({ interfaces }: Pick<AnsweredTogether, 'interfaces'>, index: number): string[] {
  return interfaces.flatMap(({ answer }) => {
    const target = answer.targets[index];
    if (target === undefined || target.possible) return [];
    return [`${answer.interface}: ${target.obstacles.map(({ text }) => text).join('; ')}`];
  });
}

export function togetherRefusal({ guest, host, verdict, interfaces }: AnsweredTogether): CompatError {
  const refused = verdict.targets.flatMap((target, index) => (target.possible ? [] : [{ target, index }]));
  const hosts = refused.map(({ target }) => target.host);
  const reasons = refused.flatMap(({ index }) => reasonsFor({ interfaces }, index));
  const text = `${guestName(guest)} cannot move from ${host} to ${hosts.join(', ')}: ${reasons.join('; ')}`;
  const stuck = [...new Set(refused.flatMap(({ target }) => target.stuck))];
  return new CompatError('VC-MOVE', text, { host, targets: hosts, interfaces: stuck });
}
