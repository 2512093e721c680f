import { readFile } from 'node:fs/promises';
import { plural } from '../../base/text.ts';
import type { TableFile } from '../../compat-tables/entries/table-directories.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { type Finding, findingLine } from '../../compat-tables/lint/finding.ts';
import { lintTables } from '../../compat-tables/lint/lint.ts';
import { type ShownColumns, tableOf } from '../shared/columns.ts';
import type { Command } from '../shared/command.ts';
import { reasonOf } from '../shared/command-errors.ts';
import { shippedFiles } from '../shared/table-files.ts';

export const lintTable: Command = {
  name: 'lint-table',
  summary: 'Check compat table files before they are installed',
  args: [{ name: 'FILE', arity: 'some', help: 'a table file; several are taken together, as one directory would be' }],
  options: [],
  example: '/etc/vhost-compat/tables/05-site.json',
  details: [
    'Errors cost an entry: what the format does not allow, a version that stands twice, a published entry whose content was',
    'changed. Warnings cost nothing: features without those that they require, bits that QEMU does not ask the back-end',
    'about, a promise that no known release can keep, a file name that agents do not read, a shipped entry that goes because',
    'the file has the name of a shipped one, and the like. Exit status 1 when there are errors.',
  ].join(' '),
  async run(_context, input) {
    const files = await Promise.all(input.args.map(readTable));
    const findings = lintTables(files, shippedFiles());
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    const warnings = findings.length - errors;
    const summary = `${plural(errors, 'error')}, ${plural(warnings, 'warning')} in ${plural(files.length, 'file')}`;
    return {
      text: findings.map((one) => `${findingLine(one)}\n`).join(''),
      table: tableOf(COLUMNS, findings),
      json: { kind: 'lint', errors, warnings, findings },
      notes: [summary],
      ...(errors === 0 ? {} : { refusal: refusal(findings, summary) }),
    };
  },
};

const COLUMNS: ShownColumns<Finding> = {
  file: ({ file }) => file,
  line: ({ line }) => line,
  severity: ({ severity }) => severity,
  rule: ({ rule }) => rule,
  version: ({ version }) => version,
  text: ({ text }) => text,
};

/** The kind of the first error: what the remedy of the catalogue speaks of. */
function refusal(findings: readonly Finding[], summary: string): CompatError {
  const first = findings.find(({ severity }) => severity === 'error');
  const code = first?.rule === 'VC-TABLE-CHANGED' ? 'VC-TABLE-CHANGED' : 'VC-TABLE';
  const { file, line } = first ?? {};
  return new CompatError(code, `Cannot use the tables as they are: ${summary}`, { file, line });
}

async function readTable(path: string): Promise<TableFile> {
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (cause) {
    const text = `Cannot read ${path}: ${reasonOf(cause)}; wanted a table file`;
    throw new CompatError('VC-TABLE', text, { file: path }, { cause });
  }
}
