import { readFile } from 'node:fs/promises';
import { plural } from '../../base/text.ts';
import type { TableFile } from '../../compat-tables/entries/table-directories.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { type Finding, findingLine } from '../../compat-tables/lint/finding.ts';
import { lintTables } from '../../compat-tables/lint/lint.ts';
import type { Command } from '../shared/command.ts';
import { shippedFiles } from '../shared/shipped-tables.ts';

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
      table: { headings: HEADINGS, rows: findings.map(cells) },
      json: { format: 1, kind: 'lint', errors, warnings, findings },
      notes: [summary],
      ...(errors === 0 ? {} : { refusal: refusal(findings, summary) }),
    };
  },
};

const HEADINGS = ['file', 'line', 'severity', 'rule', 'version', 'text'];

function cells({ file, line, severity, rule, version, text }: Finding) {
  return [file, line, severity, rule, version, text];
}

/** The kind of the first error: what the remedy of the catalogue speaks of. */
function refusal(findings: readonly Finding[], summary: string): CompatError {
  const first = findings.find(({ severity }) => severity === 'error');
  const code = first?.rule === 'VC-TABLE-CHANGED' ? 'VC-TABLE-CHANGED' : 'VC-TABLE';
  return new CompatError(code, `Cannot use the tables as they are: ${summary}`, {
    file: first?.file,
    line: first?.line,
  });
}

async function readTable(path: string): Promise<TableFile> {
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CompatError('VC-TABLE', `Cannot read ${path}: ${reason}; wanted a table file`, { file: path }, { cause });
  }
}
