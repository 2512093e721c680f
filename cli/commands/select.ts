import { plural } from '../../base/text.ts';
import { type DifferingDigests, differingDigestsLine } from '../../compat-tables/compare/differing-digests.ts';
import { explainSelection, type Selection, type SelectionRow } from '../../compat-tables/compare/select.ts';
import { POLICIES, type Policy } from '../../compat-tables/compare/selection-input.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { HostDocument } from '../../rpc/fleet/host-document.ts';
import { hostNames, selectVersion, versionDrift, versionMatrix } from '../../rpc/fleet/selection.ts';
import type { Command } from '../shared/command.ts';
import { choice, UsageError } from '../shared/command-errors.ts';
import { type Cell, jsonOf, type Table } from '../shared/formats.ts';
import { COMMON_TYPE_OPTION } from '../shared/host-names.ts';
import type { Part } from '../shared/page.ts';
import { documentsOf, TARGETS, typeAmong } from '../shared/targets.ts';
import { releasesResult } from './matrix-releases.ts';

export const selectCommand: Command = {
  name: 'select',
  summary: 'Print the first version that all targets can honour',
  args: [TARGETS],
  options: [
    { name: 'policy', value: 'POLICY', help: 'source (default) or consensus' },
    COMMON_TYPE_OPTION,
    { name: 'explain', help: 'print the versions with the hosts that lack them and why, the answer last' },
    { name: 'all', help: 'with --explain: also the versions that none of the targets can honour' },
  ],
  example: 'unix:/run/vhost-compat/db.sock tcp:node2:6641 --explain',
  details: [
    'Policy source: the first version in the order of the FIRST target that all others have; put the host where the',
    'guest runs first. Policy consensus: the order of targets does not matter; the version that stands highest on all of',
    'them together wins. Exit status 3 when there is no common version.',
  ].join(' '),
  async run(context, input) {
    const policy = choice('policy', input.option('policy') ?? 'source', POLICIES);
    const documents = await documentsOf(context, input.args);
    const deviceType = typeAmong(input, documents);
    const selection = selectVersion(documents, { policy, deviceType });
    const { version, digest, hosts } = selection;
    const explain = input.flag('explain');
    return {
      text: explain
        ? explanation(selection, documents, deviceType, input.flag('all'))
        : version === undefined
          ? ''
          : `${version}\n`,
      table: explain
        ? explainTable(selection)
        : {
            headings: ['version', 'digest', 'policy', 'hosts'],
            rows: version === undefined ? [] : [[version, digest, policy, hosts]],
          },
      notes: drifts(selection.drift),
      // the reasons of a fleet are many: only who asks for them waits for them
      get json() {
        return { ...selectionJson(selection, deviceType), ...staleHosts(documents) };
      },
      ...(version === undefined ? { refusal: noCommonVersion(selection) } : {}),
    };
  },
};

export const matrixCommand: Command = {
  name: 'matrix',
  summary: 'Show versions against hosts, or known releases against each other',
  args: [
    {
      ...{ ...TARGETS, arity: 'any' },
      help: `${TARGETS.help}; with --releases: ovs, dpdk, ovs+tso, or releases such as ovs-3.1+tso (default: ovs)`,
    },
  ],
  options: [
    COMMON_TYPE_OPTION,
    { name: 'releases', help: 'which features break a move from one known release to another' },
  ],
  example: 'hostA.json hostB.json hostC.json',
  details: [
    'usable   the host can honour the version',
    'blocked  the host knows it and cannot honour it (select --explain says why)',
    'unknown  no table of the host defines it',
    'withdrawn  the host could honour it, but it is not to be used any more',
    'differs  the host defines it with another content than the host before it: never selected',
  ].join('\n'),
  async run(context, input) {
    if (input.flag('releases')) return releasesResult(input.args);
    if (input.args.length === 0)
      throw new UsageError('Cannot show a matrix: saw no target; wanted at least one, or --releases');
    const documents = await documentsOf(context, input.args);
    const deviceType = typeAmong(input, documents);
    const { hosts, rows } = versionMatrix(documents, { deviceType });
    const drift = versionDrift(documents, deviceType);
    return {
      table: matrixTable(documents, deviceType),
      notes: [...drifts(drift), ...directions(documents, deviceType)],
      json: {
        ...{ kind: 'matrix', device_type: deviceType, hosts },
        rows: rows.map((row) => jsonOf(row, 'version', 'common', 'tier', 'cells')),
        ...{ drift, ...staleHosts(documents) },
      },
    };
  },
};

/** Those whose agents gave no sign of life for long; no member when there are none. */
function staleHosts(documents: readonly HostDocument[]): { readonly stale_hosts?: readonly string[] } {
  const names = hostNames(documents).filter((_, index) => documents[index]?.stale_since !== undefined);
  return names.length === 0 ? {} : { stale_hosts: names };
}

function drifts(drift: readonly DifferingDigests[]): string[] {
  return drift.map((one) => `${differingDigestsLine(one)} [VC-DIGEST-DIFFERS]`);
}

/** Where a guest in a version that moves forward only cannot go. */
function directions(documents: readonly HostDocument[], deviceType: string): string[] {
  const { rows } = versionMatrix(documents, { deviceType, policy: 'consensus' });
  return rows
    .filter(({ tier }) => tier === 'forward-only')
    .flatMap(({ version, cells }) => {
      const reasons = cells.flatMap((cell) => cell.reasons).filter(({ code }) => code === 'VC-MOVE-DIRECTION');
      return reasons.map(({ text, code }) => `${version}: ${text} [${code}]`);
    });
}

function matrixTable(documents: readonly HostDocument[], deviceType: string, policy?: Policy): Table {
  const { hosts, rows } = versionMatrix(documents, { deviceType, policy });
  return {
    headings: ['version', ...hosts],
    titles: ['VERSION', ...hosts],
    rows: rows.map(({ version, cells }) => [version, ...cells.map(({ state }) => state)]),
  };
}

/** The matrix, who stands in the way of each version that is not common, and the answer. */
function explanation(selection: Selection, documents: readonly HostDocument[], type: string, withAll: boolean): Part[] {
  const [answer = ''] = explainSelection(selection);
  const nowhere = selection.rows.filter(({ usableSomewhere }) => !usableSomewhere);
  const hidden = new Set(withAll ? [] : nowhere.map(({ version }) => version));
  const { rows, ...table } = matrixTable(documents, type, selection.policy);
  const lacking = selection.rows.filter(({ common, usableSomewhere }) => !common && usableSomewhere);
  return [
    { table: { ...table, rows: rows.filter(([version]) => !hidden.has(String(version))) } },
    ...section('Usable on some of them:', lacking),
    ...section('Usable on none of them:', withAll ? nowhere : []),
    ...(hidden.size === 0 ? [] : ['', `${plural(hidden.size, 'more version')} that none of them can honour: --all`]),
    '',
    { heading: answer },
  ];
}

function section(title: string, rows: readonly SelectionRow[]): Part[] {
  if (rows.length === 0) return [];
  const reasons = rows.flatMap(({ version, lacking }) => [
    `${version}:`,
    ...lacking.map(({ host, reason, code }) => `  ${host}: ${reason} [${code}]`),
  ]);
  return ['', { heading: title }, ...reasons];
}

function explainTable({ version, rows }: Selection): Table {
  const lines = (row: SelectionRow): Cell[][] => {
    const head = [row.version, row.version === version, row.common];
    if (row.lacking.length === 0) return [[...head, undefined, undefined, undefined, undefined]];
    return row.lacking.map(({ host, code, reason, missing }) => [...head, host, code, reason, missing]);
  };
  return {
    headings: ['version', 'selected', 'common', 'lacking_host', 'code', 'reason', 'missing'],
    rows: rows.flatMap(lines),
  };
}

function selectionJson({ version, digest, policy, hosts, rows }: Selection, deviceType: string) {
  return {
    ...{ kind: 'selection', version: version ?? null, digest: digest ?? null, policy, device_type: deviceType, hosts },
    rows: rows.map(({ version: name, common, lacking, digests }) => {
      return { version: name, common, lacking, ...(digests === undefined ? {} : { digests }) };
    }),
  };
}

function noCommonVersion({ hosts }: Selection): CompatError {
  return new CompatError('VC-SELECT-NONE', `No version is usable on all of: ${hosts.join(', ')}`, { hosts });
}
