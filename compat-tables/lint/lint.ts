/** Table files before they are installed: what is wrong, and what is odd. */
import { digestOf } from '../entries/digest.ts';
import { loadTables } from '../entries/load.ts';
import type { TableFile } from '../entries/table-directories.ts';
import { type ValidatedEntry, validateFile } from '../entries/validate.ts';
import type { CompatError } from '../errors/compat-error.ts';
import {
  configCut,
  controlBits,
  dependencies,
  iommuCut,
  queuePairsWithoutMq,
  queuesCut,
  unnamed,
  type Warning,
  withoutEffect,
} from './bit-rules.ts';
import { brokenTier, collectionName, honouredByNobody, oddLimits, provenance } from './entry-rules.ts';
import { droppedEntries, hiding, unreadNames } from './file-rules.ts';
import type { Finding } from './finding.ts';
import { PUBLISHED } from './published.ts';
import { withdrawnEntries } from './withdrawn-rules.ts';

const ENTRY_RULES: readonly ((entry: ValidatedEntry['entry']) => Warning[])[] = [
  dependencies,
  withoutEffect,
  unnamed,
  controlBits,
  queuePairsWithoutMq,
  queuesCut,
  iommuCut,
  configCut,
  oddLimits,
  brokenTier,
  honouredByNobody,
  collectionName,
  provenance,
];

/**
 * Findings in the order of files and lines. The files are taken together, as one directory would be: a version that
 * stands in two of them is an error in the second. `installed`: the files that stand already where these will be read later.
 */
export function lintTables(files: readonly TableFile[], installed: readonly TableFile[] = []): Finding[] {
  const filled = files.filter(({ text }) => text.length > 0);
  const findings: Finding[] = [
    ...loadTables(filled).problems.map(problemFinding),
    ...filled.flatMap(({ path, text }) => entryFindings(path, text)),
    ...files.filter(({ text }) => text.length === 0).map(({ path }) => hiding(path)),
    ...unreadNames(files),
    ...droppedEntries(files, installed),
    ...withdrawnEntries(files, installed),
  ];
  const place = new Map(files.map(({ path }, index) => [path, index]));
  const order = ({ file }: Finding) => place.get(file) ?? 0;
  return findings.sort((a, b) => order(a) - order(b) || a.line - b.line || severityOrder(a) - severityOrder(b));
}

function severityOrder({ severity }: Finding): number {
  return severity === 'error' ? 0 : 1;
}

function problemFinding({ code, details }: CompatError): Finding {
  const { file, line, reason, wanted, version } = details;
  return {
    ...{ file: String(file), line: Number(line), severity: 'error', rule: code },
    ...(version === undefined ? {} : { version }),
    text: `${String(reason)}; wanted ${String(wanted)}`,
  };
}

function entryFindings(file: string, text: string): Finding[] {
  return validateFile(file, text).entries.flatMap(({ entry, line }) => {
    const { version, deviceType } = entry;
    const warnings = ENTRY_RULES.flatMap((rule) => rule(entry)).map(
      ([rule, warning]): Finding => ({ file, line, severity: 'warning', rule, version, text: warning }),
    );
    const key = `${deviceType} ${version}`;
    const published = Object.hasOwn(PUBLISHED, key) ? PUBLISHED[key] : undefined;
    const digest = digestOf(entry);
    if (published === undefined || published === digest) return warnings;
    const changed =
      `its content is not the published one (digest ${digest.slice(0, 12)}, published ${published.slice(0, 12)}); ` +
      'hosts that disagree never select it: restore it and give the changed promise a new version string';
    return [{ file, line, severity: 'error', rule: 'VC-TABLE-CHANGED', version, text: changed }, ...warnings];
  });
}
