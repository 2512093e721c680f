import { type Difference, diff } from '../../compat-tables/compare/diff.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { MoveHost } from '../../compat-tables/moves/move-host.ts';
import { moveHosts } from '../../rpc/fleet/move-hosts.ts';
import { selectVersion } from '../../rpc/fleet/selection.ts';
import { argument, type Command } from '../shared/command.ts';
import { DIFFERENCE_HEADINGS, differenceJson, differenceLines, differenceRows } from '../shared/difference-output.ts';
import { whyNotMigratable } from '../shared/feature-output.ts';
import { COMMON_TYPE_OPTION } from '../shared/host-names.ts';
import { documentOf, TARGETS, typeAmong } from '../shared/targets.ts';

interface Versions {
  /** Usable on the first and not on the second, and the other way round. */
  readonly only: readonly [readonly string[], readonly string[]];
  readonly common: readonly string[];
  /** One name, two contents. */
  readonly differ: readonly string[];
}

export const diffHosts: Command = {
  name: 'diff-hosts',
  summary: 'Show what the back-end of host B gains and loses against that of host A',
  args: [
    { ...TARGETS, name: 'A', arity: 'one' },
    { ...TARGETS, name: 'B', arity: 'one' },
  ],
  options: [COMMON_TYPE_OPTION],
  example: 'node1.json tcp:node2:6641',
  details:
    "Features and limits of the back-ends, the versions that only one of them can honour, and which direction survives for a guest that took all that its host's back-end offers.",
  async run(context, input) {
    const documents = [await documentOf(context, argument(input, 0)), await documentOf(context, argument(input, 1))];
    const deviceType = typeAmong(input, documents);
    const [a, b] = moveHosts(documents, deviceType);
    if (a === undefined || b === undefined) throw new Error('two documents are two hosts');
    const difference = diff(deviceType, sideOf(a), sideOf(b));
    const versions = compareVersions(a, b);
    const { version } = selectVersion(documents, { deviceType });
    return {
      text: `${[...differenceLines(difference), ...versionLines(difference, versions, version)].join('\n')}\n`,
      table: {
        headings: DIFFERENCE_HEADINGS,
        rows: [
          ...differenceRows(difference),
          ...versions.only[0].map((name) => ['lost', name, undefined, 'version', undefined]),
          ...versions.only[1].map((name) => ['gained', name, undefined, 'version', undefined]),
        ],
      },
      json: {
        ...{ kind: 'host-difference' },
        ...differenceJson(difference),
        versions: {
          ...{ only_a: versions.only[0], only_b: versions.only[1], common: versions.common },
          ...{ differ: versions.differ, selected: version ?? null },
        },
      },
    };
  },
};

function sideOf({ name, abilities, deviceType }: MoveHost) {
  if (abilities === undefined) {
    const text = `Cannot compare hosts: nothing is known of the back-end of ${name}`;
    throw new CompatError('VC-BACKEND-UNKNOWN', text, { host: name });
  }
  const { virtioFeatures, protocolFeatures, limits } = abilities;
  return {
    name,
    features: virtioFeatures,
    protocolFeatures,
    limits,
    notMigratable: whyNotMigratable(abilities, deviceType),
  };
}

function compareVersions(a: MoveHost, b: MoveHost): Versions {
  const usable = ({ versions }: MoveHost) =>
    new Map(versions.filter((one) => one.usable).map(({ entry }) => [entry.version, entry.digest]));
  const [ofA, ofB] = [usable(a), usable(b)];
  const both = [...ofA.keys()].filter((name) => ofB.has(name));
  const known = new Map(b.versions.map(({ entry }) => [entry.version, entry.digest]));
  return {
    only: [[...ofA.keys()].filter((name) => !ofB.has(name)), [...ofB.keys()].filter((name) => !ofA.has(name))],
    common: both.filter((name) => ofA.get(name) === ofB.get(name)),
    differ: a.versions
      .filter(({ entry }) => known.has(entry.version) && known.get(entry.version) !== entry.digest)
      .map(({ entry }) => entry.version),
  };
}

function versionLines({ a, b }: Difference, { only, differ }: Versions, selected: string | undefined): string[] {
  const list = (title: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${title}: ${names.join(', ')}`];
  return [
    ...list(`versions that only ${a} can honour`, only[0]),
    ...list(`versions that only ${b} can honour`, only[1]),
    ...list('one name with two contents, never selected', differ),
    `a guest of ${a} that is to move to ${b} starts in: ${selected ?? 'no version, none is common (see baseline)'}`,
  ];
}
