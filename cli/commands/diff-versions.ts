import { suggestion } from '../../base/text.ts';
import { LOG_ALL } from '../../compat-tables/bits/named-masks.ts';
import { type Compared, diff } from '../../compat-tables/compare/diff.ts';
import { notMigratable } from '../../compat-tables/compare/migratable.ts';
import type { Entry, Tier } from '../../compat-tables/entries/entry.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { entryOf } from '../../rpc/state/read-rows.ts';
import { argument, type Command, type Input } from '../shared/command.ts';
import type { Context } from '../shared/context.ts';
import { DIFFERENCE_HEADINGS, differenceJson, differenceLines, differenceRows } from '../shared/difference-output.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from '../shared/host-names.ts';
import { withHost } from '../shared/open-host.ts';
import { shippedEntries } from '../shared/table-files.ts';

const VERSION = { help: 'a version string, as list-versions --all has it' } as const;

export const diffVersions: Command = {
  name: 'diff-versions',
  summary: 'Show what version B gains and loses against version A',
  args: [
    { name: 'A', ...VERSION },
    { name: 'B', ...VERSION },
  ],
  options: [{ name: 'shipped', help: 'look in the tables of this package, not in the database' }, DEVICE_TYPE_OPTION],
  example: 'upstream.ovs-dpdk.v3.2 upstream.ovs-dpdk.v2.13',
  details:
    'Features and limits gained and lost from A to B, what each means, what a guest pays without it, and which direction of migration survives for a guest that took all it was shown.',
  async run(context, input) {
    const entries = await entriesOf(context, input);
    const [a, b] = [0, 1].map((index) => find(entries, argument(input, index)));
    if (a === undefined || b === undefined) throw new Error('both were found');
    const difference = diff(deviceTypeOf(input), sideOf(a), sideOf(b));
    const tiers = [a, b].flatMap(tierLine);
    return {
      text: `${[...differenceLines(difference), ...tiers].join('\n')}\n`,
      table: { headings: DIFFERENCE_HEADINGS, rows: differenceRows(difference) },
      json: { kind: 'version-difference', tiers: [a.tier, b.tier], ...differenceJson(difference) },
    };
  },
};

async function entriesOf(context: Context, input: Input): Promise<Entry[]> {
  const deviceType = deviceTypeOf(input);
  if (input.flag('shipped')) return shippedEntries().filter((one) => one.deviceType === deviceType);
  const { state, host } = await withHost(context);
  return state.versions(host, deviceType).map(entryOf);
}

function find(entries: readonly Entry[], name: string): Entry {
  const found = entries.find(({ version }) => version === name);
  if (found !== undefined) return found;
  const near = suggestion(
    name,
    entries.map(({ version }) => version),
  );
  throw new CompatError('VC-VERSION-UNKNOWN', `Cannot find version "${name}"${near}`, { version: name });
}

function sideOf({ version, virtioFeatures, protocolFeatures, requiredProtocolFeatures, limits }: Entry): Compared {
  const side = { name: version, features: virtioFeatures, protocolFeatures, requiredProtocolFeatures, limits };
  if (protocolFeatures === undefined) return side;
  // control bits are the back-end's; what a version cuts is cut on every back-end
  const stuck = notMigratable({ virtioFeatures: LOG_ALL, protocolFeatures }, version);
  return stuck.length === 0 ? side : { ...side, notMigratable: stuck };
}

const TIERS: Readonly<Record<Tier, string | undefined>> = {
  'both-ways': undefined,
  'forward-only': 'moves to newer hosts only (forward-only), whatever its features',
  'best-effort': 'is a last resort (best-effort)',
};

function tierLine({ version, tier }: Entry): string[] {
  const text = TIERS[tier];
  return text === undefined ? [] : [`${version} ${text}`];
}
