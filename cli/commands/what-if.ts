import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { type Upgrade, whatIf } from '../../compat-tables/moves/what-if.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { moveHosts } from '../../rpc/fleet/move-hosts.ts';
import { type Command, required } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';
import { differenceJson, indented, lostLine } from '../shared/difference-output.ts';
import { documentsOf, ownDocument, TARGETS } from '../shared/targets.ts';

export const whatIfCommand: Command = {
  name: 'what-if',
  summary: 'Tell what hosts gain and lose with another release of the back-end',
  args: [{ ...TARGETS, arity: 'any' }],
  options: [
    {
      ...{ name: 'upgrade', value: 'RELEASE', required: true },
      help: 'the release, with its setting: ovs-3.2, ovs-3.1+tso, dpdk-22.11 …',
    },
  ],
  example: '--upgrade ovs-3.2 node1.json node2.json',
  details: [
    'Versions that become usable and that do not stay so, and the interfaces that could not go on: a guest that runs',
    'with features which the release lacks does not come back after the change. Without a TARGET: the host of --db.',
    'Exit status 3 when something in use would break.',
  ].join(' '),
  async run(context, input) {
    const release = typed(() => findRelease(required(input, 'upgrade')));
    const documents = input.args.length > 0 ? await documentsOf(context, input.args) : [await ownDocument(context)];
    const upgrades = moveHosts(documents, release.deviceType).map((host) => whatIf(host, release));
    const broken = upgrades.filter(({ affected, defaultLost }) => affected.length > 0 || defaultLost);
    return {
      text: upgrades.map(upgradeText).join('\n'),
      table: {
        headings: ['host', 'release', 'gained', 'lost', 'best_before', 'best_after', 'affected'],
        rows: upgrades.map(({ host, release: name, gained, lost, best, affected }) => [
          ...[host, name, gained, lost.map(({ version }) => version), best.before, best.after],
          affected.map((one) => one.interface),
        ]),
      },
      json: { kind: 'what-if', release: release.name, hosts: upgrades.map(upgradeJson) },
      ...(broken.length === 0 ? {} : { refusal: breaks(release.name, broken) }),
    };
  },
};

function upgradeText(upgrade: Upgrade): string {
  const { host, release, gained, lost, best, affected, defaultLost, warnings } = upgrade;
  const bits = upgrade.difference?.lost ?? [];
  return [
    `${host} with ${release}:`,
    ...gained.map((version) => `  gains ${version}`),
    ...lost.map(({ version, blockers }) => `  loses ${version}: ${blockers.map(({ text }) => text).join('; ')}`),
    ...(gained.length + lost.length === 0 ? ['  the same versions as now'] : []),
    ...(best.before === best.after
      ? []
      : [`  best version: ${best.after ?? 'none'} instead of ${best.before ?? 'none'}`]),
    ...(bits.length === 0
      ? []
      : ['  its back-end no longer offers:', ...bits.map((one) => indented(lostLine(one), 4))]),
    ...(defaultLost ? ['  its default version would not be usable'] : []),
    ...affected.map((one) => `  ${one.interface}: ${one.text}`),
    ...warnings.map((text) => `  warning: ${text}`),
    '',
  ].join('\n');
}

function upgradeJson({ difference, best, defaultLost, affected, ...rest }: Upgrade) {
  return {
    ...rest,
    best_before: best.before ?? null,
    best_after: best.after ?? null,
    default_lost: defaultLost,
    affected: affected.map((one) => ({ ...one, version: one.version ?? null })),
    difference: difference === undefined ? null : differenceJson(difference),
  };
}

function breaks(release: string, broken: readonly Upgrade[]): CompatError {
  const texts = broken.map(({ host, affected, defaultLost }) => {
    const names = affected.map((one) => one.interface);
    return `${host} (${[...new Set(names), ...(defaultLost ? ['its default version'] : [])].join(', ')})`;
  });
  return new CompatError('VC-UPGRADE', `${release} would break what is in use on ${texts.join(', ')}`, {
    hosts: broken.map(({ host }) => host),
    interfaces: broken.flatMap(({ affected }) => affected.map((one) => one.interface)),
  });
}
