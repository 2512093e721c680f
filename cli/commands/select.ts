import { CompatError } from '../../compat-tables/errors.ts';
import {
  explainSelection,
  POLICIES,
  type Policy,
  type Selection,
  type SelectionRow,
} from '../../compat-tables/select.ts';
import type { HostDocument } from '../../rpc/state/documents.ts';
import { selectVersion, versionMatrix } from '../../rpc/state/selection.ts';
import { resolveTargets } from '../../rpc/state/targets.ts';
import type { Command, Input } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exit.ts';
import { type Cell, renderTable, type Table } from '../formats.ts';
import { checkRemote } from '../remote.ts';
import { DEVICE_TYPE_OPTION, deviceTypeOf } from './shared.ts';

const TARGETS = {
  name: 'TARGET',
  arity: 'some',
  help: 'unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT of an agent, host:NAME of a fleet database (--db), or a file made by describe',
} as const;

const REMOTE = /^p?(unix|tcp|ssl):/;

/** Longer than this, a target that does not answer is not there. */
const TARGET_MS = 5000;

export const selectCommand: Command = {
  name: 'select',
  summary: 'Print the first version that all targets can honour',
  args: [TARGETS],
  options: [
    { name: 'policy', value: 'POLICY', help: 'source (default) or consensus' },
    DEVICE_TYPE_OPTION,
    { name: 'explain', help: 'print every version with the hosts that lack it and why' },
  ],
  example: 'unix:/run/vhost-compat/db.sock tcp:node2:6641 --explain',
  details: [
    'Policy source: the first version in the order of the FIRST target that all others have; put the host where the',
    'guest runs first. Policy consensus: the order of targets does not matter; the version that stands highest on all of',
    'them together wins. Exit status 3 when there is no common version.',
  ].join('\n'),
  async run(context, input) {
    const policy = policyOf(input);
    const deviceType = deviceTypeOf(input);
    const documents = await documentsOf(context, input.args);
    const selection = selectVersion(documents, { policy, deviceType });
    const { version, digest, hosts } = selection;
    const explain = input.flag('explain');
    return {
      text: explain ? explanation(selection, documents, deviceType) : version === undefined ? '' : `${version}\n`,
      table: explain
        ? explainTable(selection)
        : {
            headings: ['version', 'digest', 'policy', 'hosts'],
            rows: version === undefined ? [] : [[version, digest, policy, hosts]],
          },
      json: selectionJson(selection, deviceType),
      ...(version === undefined ? { refusal: noCommonVersion(selection) } : {}),
    };
  },
};

export const matrixCommand: Command = {
  name: 'matrix',
  summary: 'Show versions against hosts',
  args: [TARGETS],
  options: [DEVICE_TYPE_OPTION],
  example: 'hostA.json hostB.json hostC.json',
  details: [
    'usable   the host can honour the version',
    'blocked  the host knows it and cannot honour it (select --explain says why)',
    'unknown  no table of the host defines it',
    'differs  the host defines it with another content than the host before it: never selected',
  ].join('\n'),
  async run(context, input) {
    const deviceType = deviceTypeOf(input);
    const documents = await documentsOf(context, input.args);
    const { hosts, rows } = versionMatrix(documents, { deviceType });
    return {
      table: matrixTable(documents, deviceType),
      json: {
        format: 1,
        kind: 'matrix',
        device_type: deviceType,
        hosts,
        rows: rows.map(({ version, common, cells }) => ({ version, common, cells })),
      },
    };
  },
};

async function documentsOf(context: Context, targets: readonly string[]): Promise<HostDocument[]> {
  const { db, tls } = context.options;
  for (const target of targets) if (REMOTE.test(target)) checkRemote(target, tls);
  if (targets.some((target) => target.startsWith('host:'))) checkRemote(db, tls);
  const timeoutMs = Math.min(TARGET_MS, context.remainingMs() ?? TARGET_MS);
  return context.progress(`asking ${targets.length} targets`, resolveTargets(targets, { db, tls, timeoutMs }));
}

function policyOf(input: Input): Policy {
  const text = input.option('policy') ?? 'source';
  const policy = POLICIES.find((one) => one === text);
  if (policy !== undefined) return policy;
  throw new UsageError(`Cannot read --policy: saw "${text}"; wanted ${POLICIES.join(' or ')}`);
}

function matrixTable(documents: readonly HostDocument[], deviceType: string): Table {
  const { hosts, rows } = versionMatrix(documents, { deviceType });
  return {
    headings: ['version', ...hosts],
    titles: ['VERSION', ...hosts],
    rows: rows.map(({ version, cells }) => [version, ...cells.map(({ state }) => state)]),
  };
}

/** The answer, the matrix, and who stands in the way of each version that is not common, the likely ones first. */
function explanation(selection: Selection, documents: readonly HostDocument[], deviceType: string): string {
  const [answer = ''] = explainSelection(selection);
  const rows = selection.rows.filter(({ common }) => !common);
  const reasons = ({ version, lacking }: SelectionRow) => [
    `${version}:`,
    ...lacking.map(({ host, reason, code }) => `  ${host}: ${reason} [${code}]`),
  ];
  const somewhere = rows.filter(({ usableSomewhere }) => usableSomewhere).flatMap(reasons);
  const nowhere = rows.filter(({ usableSomewhere }) => !usableSomewhere).flatMap(reasons);
  return [
    `${answer}\n`,
    renderTable(matrixTable(documents, deviceType), 'table'),
    ...section('Usable on some of them:', somewhere),
    ...section('Usable on none of them:', nowhere),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${[title, ...lines].join('\n')}\n`];
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
    format: 1 as const,
    kind: 'selection',
    version: version ?? null,
    digest: digest ?? null,
    policy,
    device_type: deviceType,
    hosts,
    rows: rows.map(({ version: name, common, lacking, digests }) => {
      return { version: name, common, lacking, ...(digests === undefined ? {} : { digests }) };
    }),
  };
}

function noCommonVersion({ hosts }: Selection): CompatError {
  return new CompatError('VC-SELECT-NONE', `No version is usable on all of: ${hosts.join(', ')}`, { hosts });
}
