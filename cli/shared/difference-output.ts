import type { BitWorth } from '../../compat-tables/bits/bit-worth.ts';
import { limitName } from '../../compat-tables/bits/queue-counts.ts';
import type { Difference, Survival } from '../../compat-tables/compare/diff.ts';
import { type Cell, jsonOf } from './formats.ts';

/** What one version or back-end has more and less than another, as rows, JSON and lines. */

export const DIFFERENCE_HEADINGS = ['change', 'what', 'bit', 'meaning', 'cost'] as const;

export function differenceRows(difference: Difference): Cell[][] {
  const { gained, lost, limits, protocolGained, protocolLost, requiredGained, requiredLost } = difference;
  const bits = (change: string, list: readonly BitWorth[]) =>
    list.map(({ bit, name, meaning, cost }): Cell[] => {
      return [change, name, bit, meaning, change === 'lost' ? cost : undefined];
    });
  const names = (change: string, list: readonly string[], how = '') =>
    list.map((name): Cell[] => [change, name, undefined, `${how}vhost-user protocol feature`, undefined]);
  return [
    ...bits('lost', lost),
    ...bits('gained', gained),
    ...names('lost', protocolLost),
    ...names('gained', protocolGained),
    ...names('lost', requiredLost, 'required '),
    ...names('gained', requiredGained, 'required '),
    ...limits.map(({ name, from, to }): Cell[] => {
      return ['limit', name, undefined, `${shown(from)} becomes ${shown(to)}`, undefined];
    }),
  ];
}

export function differenceJson({ a, b, deviceType, ...rest }: Difference) {
  return {
    ...{ a, b, device_type: deviceType, equal: rest.equal },
    ...{ lost: rest.lost.map(bitJson), gained: rest.gained.map(bitJson) },
    ...{ protocol_lost: rest.protocolLost, protocol_gained: rest.protocolGained },
    ...{ required_protocol_lost: rest.requiredLost, required_protocol_gained: rest.requiredGained },
    limits: rest.limits.map((one) => jsonOf(one, 'name', 'from', 'to')),
    directions: [rest.forward, rest.backward].map(survivalJson),
  };
}

function bitJson(worth: BitWorth) {
  return jsonOf(worth, 'bit', 'name', 'meaning', 'cost', 'shownWith');
}

export function survivalJson({ breaks, lower, notMigratable, ...rest }: Survival) {
  return {
    ...jsonOf(rest, 'from', 'to', 'always', 'byDefault'),
    ...{ breaks: breaks.map(bitJson), lower: lower.map((one) => jsonOf(one, 'name', 'from', 'to')) },
    ...(notMigratable === undefined ? {} : { migratable: notMigratable.length === 0 }),
  };
}

/** Sentences, one a line, the direction of migration at the end. */
export function differenceLines(difference: Difference): string[] {
  const { a, b, deviceType, equal, gained, lost, protocolGained, protocolLost } = difference;
  const { requiredGained, requiredLost, limits } = difference;
  const stuck = [difference.forward, difference.backward].filter((one) => (one.notMigratable ?? []).length > 0);
  if (equal) return [`${a} and ${b} promise the same`, ...stuck.map((one) => survivalLine(deviceType, one))];
  return [
    ...section(`lost in ${b}:`, [...lost.map(lostLine), ...protocolLost]),
    ...section(`gained in ${b}:`, [...gained.map(bitLine), ...protocolGained]),
    ...section(`no longer required by ${b}:`, requiredLost),
    ...section(`required by ${b}:`, requiredGained),
    ...limits.map((one) => `${limitName(deviceType, one.name)}: ${shown(one.from)} becomes ${shown(one.to)}`),
    survivalLine(deviceType, difference.forward),
    survivalLine(deviceType, difference.backward),
  ];
}

export function lostLine(worth: BitWorth): string {
  const cost = worth.cost === undefined ? [] : [`  without it: ${worth.cost}`];
  return [bitLine(worth), ...cost].join('\n');
}

function bitLine({ bit, name, meaning, shownWith }: BitWorth): string {
  const only = shownWith === undefined ? '' : ` QEMU shows it only with ${shownWith}.`;
  return `${name} (${bit}): ${meaning}${only}`;
}

/** Each line of a text that much further in. */
export function indented(text: string, by: number): string {
  return text.replaceAll(/^/gm, ' '.repeat(by));
}

/** `from a to b: …` */
function survivalLine(
  deviceType: string,
  { from, to, always, byDefault, breaks, lower, notMigratable = [] }: Survival,
): string {
  if (notMigratable.length > 0)
    return `from ${from} to ${to}: no guest can move: ${notMigratable.join('; ')} [VC-MIGRATE-LOG]`;
  if (always) return `from ${from} to ${to}: every guest can move`;
  const names = breaks.map(({ name, shownWith }) =>
    shownWith === undefined ? name : `${name} (only with ${shownWith})`,
  );
  const less = lower.map(
    ({ name, from: before, to: after }) => `${limitName(deviceType, name)} above ${shown(after)} (of ${shown(before)})`,
  );
  const who = byDefault
    ? 'guests with default properties can move; it breaks for those with'
    : 'breaks for guests with';
  return `from ${from} to ${to}: ${who} ${[...names, ...less].join(', ')}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => indented(line, 2))];
}

function shown(limit: number | undefined): string {
  return limit === undefined ? 'not stated' : String(limit);
}
