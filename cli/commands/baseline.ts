import { type Baseline, baseline } from '../../compat-tables/define/baseline.ts';
import { entryFile, guestNames } from '../../compat-tables/entries/entry-file.ts';
import { describeHost } from '../../rpc/fleet/describe-host.ts';
import { moveHosts } from '../../rpc/fleet/move-hosts.ts';
import type { Command } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';
import { checkOnAll, checkOwnName, type Defined, definedLines, defineOnAll } from '../shared/define.ts';
import { differenceJson, indented, lostLine } from '../shared/difference-output.ts';
import { maskText } from '../shared/formats.ts';
import { COMMON_TYPE_OPTION, limitsText } from '../shared/host-names.ts';
import { writeTable } from '../shared/table-files.ts';
import { documentsOf, openTargets, TARGETS, typeAmong } from '../shared/targets.ts';

const HEADINGS = ['version', 'virtio_features', 'feature_names', 'limits', 'digest', 'same_as', 'defined_on'];

export const baselineCommand: Command = {
  name: 'baseline',
  summary: 'Make the largest version that all targets can honour',
  args: [TARGETS],
  options: [
    { name: 'name', value: 'VERSION', help: 'its name, site.… (default: one made of its content)' },
    { name: 'define', help: 'define it on all the targets, which have to be alive' },
    { name: 'output', value: 'FILE', help: 'write the table file here' },
    COMMON_TYPE_OPTION,
  ],
  example: 'tcp:node1:6641 tcp:node2:6641 --name site.hall2.v1 --define',
  details: [
    'For hosts that have no named version in common, or lose much with the one they have. It promises what every back-end',
    'offers and nothing else, and shows what that costs each host. --define gives it to every agent, which publishes it',
    'after the versions of its table files; nothing is written unless all of them can take it.',
  ].join(' '),
  headings: HEADINGS,
  async run(context, input) {
    const name = input.option('name');
    if (name !== undefined) typed(() => checkOwnName(name));
    const live = input.flag('define') ? await openTargets(context, input.args) : [];
    const documents =
      live.length > 0
        ? live.map(({ state, host }) => describeHost(state, state.host(host)))
        : await documentsOf(context, input.args);
    const hosts = moveHosts(documents, typeAmong(input, documents));
    const made = baseline({ hosts, version: name });
    const file = entryFile(made.entry);
    checkOnAll(made.entry, live);
    const written = writeTable(input.option('output'), file, context.options.dryRun);
    const defined = await defineOnAll(context, made.entry, live);
    const { version, digest, virtioFeatures, limits } = made.entry;
    return {
      text: baselineText(made, defined, context.options.dryRun),
      table: {
        headings: HEADINGS,
        narrow: ['version', 'virtio_features', 'limits', 'defined_on'],
        rows: [
          [
            ...[version, virtioFeatures, guestNames(made.entry), limitsText(limits), digest, made.sameAs],
            defined.map(({ host }) => host),
          ],
        ],
      },
      notes: [...made.notes, ...written],
      json: {
        kind: 'baseline',
        version,
        digest,
        table: JSON.parse(file) as unknown,
        feature_names: guestNames(made.entry),
        same_as: made.sameAs ?? null,
        costs: made.costs.map(({ host, against, difference }) => {
          return { host, against, ...differenceJson(difference) };
        }),
        notes: made.notes,
        dry_run: context.options.dryRun,
        defined: defined.map(definedJson),
      },
    };
  },
};

export function definedJson({ host, changed, applied, usable }: Defined) {
  return { host, changed, applied, usable: usable ?? null };
}

function baselineText({ entry, costs, sameAs }: Baseline, defined: readonly Defined[], dryRun: boolean): string {
  const { version, virtioFeatures, limits, digest } = entry;
  return [
    `${version}: ${[maskText(virtioFeatures), limitsText(limits)].filter((text) => text !== '').join(', ')}`,
    `digest ${digest}`,
    ...(sameAs === undefined ? [] : [`all of these hosts have the same under the name ${sameAs}`]),
    ...costs.flatMap(({ host, against, difference }) => costLines(host, against, difference.lost.map(lostLine))),
    ...definedLines(entry, defined, dryRun),
    '',
  ].join('\n');
}

function costLines(host: string, against: string, lost: readonly string[]): string[] {
  if (lost.length === 0) return [`${host}: costs nothing against ${against}`];
  return [`${host}: against ${against} its guests do without`, ...lost.map((line) => indented(line, 2))];
}
