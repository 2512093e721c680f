import { type ReleaseMatrix, type ReleaseMove, releaseMatrix } from '../../compat-tables/compare/release-matrix.ts';
import { withdrawalNotes } from '../../compat-tables/entries/withdrawal.ts';
import { namedReleases } from '../../compat-tables/releases/releases.ts';
import type { CommandResult } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';
import { survivalJson } from '../shared/difference-output.ts';
import { type Cell, jsonOf, type Table } from '../shared/formats.ts';
import type { Part } from '../shared/page.ts';

/** `matrix --releases`: known releases against each other. Nothing is asked; it is all in the tables. */
export function releasesResult(words: readonly string[]): CommandResult {
  const releases = typed(() => namedReleases(words.length === 0 ? ['ovs'] : words));
  const matrix = releaseMatrix(releases);
  return {
    text: matrixText(matrix),
    notes: releases.flatMap(({ name, withdrawn }) => withdrawalNotes(name, withdrawn)),
    table: {
      headings: ['from', 'to', 'direction', 'migratable', 'survives', 'by_default', 'breaks'],
      rows: matrix.moves.map(({ from, to, direction, survival }) => [
        ...[from, to, direction, canLeave(matrix, from), survival.always, survival.byDefault],
        breaking(survival),
      ]),
    },
    json: {
      kind: 'release-matrix',
      groups: matrix.groups.map(({ features: guestFeatures, ...group }) => {
        const one = { ...group, guestFeatures };
        return jsonOf(one, 'name', 'releases', 'covers', 'guestFeatures', 'queuePairs', 'migratable');
      }),
      moves: matrix.moves.map(({ direction, survival }) => ({
        ...survivalJson(survival),
        direction,
        migratable: canLeave(matrix, survival.from),
      })),
    },
  };
}

function canLeave({ groups }: Pick<ReleaseMatrix, 'groups'>, from: string): boolean {
  return groups.find(({ name }) => name === from)?.migratable ?? true;
}

/** Longer lists are cut in the matrix; every other face has them whole. */
const SHOWN = 2;

function matrixText({ groups, moves }: ReleaseMatrix): Part[] {
  const names = groups.map(({ name }) => name);
  const cell = (from: string, to: string): Cell => {
    const move = moves.find((one) => one.from === from && one.to === to);
    if (move === undefined) return '.';
    return canLeave({ groups }, from) ? cellText(move) : 'never';
  };
  const table: Table = {
    headings: ['from', ...names],
    titles: ['FROM \\ TO', ...names],
    rows: names.map((from) => [from, ...names.map((to) => cell(from, to))]),
  };
  return [
    ...groups.map(({ name, covers }) => `${name}: ${covers.join('; ')}`),
    '',
    { table },
    '',
    ...(groups.every(({ migratable }) => migratable)
      ? []
      : ['never: QEMU migrates no guest from such a back-end, because it cannot log.']),
    'yes: every guest can move. (…): only guests that QEMU was told to show these features to are refused.',
    'Otherwise guests that took these features are refused.',
  ];
}

function cellText({ survival }: ReleaseMove): string {
  if (survival.always) return 'yes';
  const all = breaking(survival).map((name) => name.replace(/^VIRTIO_(NET_|RING_)?F_/, ''));
  const telling = survival.breaks.filter(({ shownWith }) => shownWith === undefined);
  const text = all.length > SHOWN ? `${all.slice(0, SHOWN).join(' ')} +${all.length - SHOWN}` : all.join(' ');
  return telling.length === 0 ? `(${text})` : text;
}

/** What every guest takes comes first. */
function breaking({ breaks, lower }: ReleaseMove['survival']): string[] {
  const sorted = breaks.toSorted((a, b) => Number(a.shownWith !== undefined) - Number(b.shownWith !== undefined));
  return [...sorted.map(({ name }) => name), ...lower.map(({ name, to }) => `${name}>${to}`)];
}
