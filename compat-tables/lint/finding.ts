/** One error or warning of lint-table. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly severity: 'error' | 'warning';
  /** A code of the catalogue for errors, the name of the rule for warnings. */
  readonly rule: string;
  readonly version?: string;
  /** The fault, and where it helps, the remedy. */
  readonly text: string;
}

/** `FILE:LINE: error: entry "…": … [VC-TABLE]`, as compilers say it. */
export function findingLine({ file, line, severity, rule, version, text }: Finding): string {
  const entry = version === undefined ? '' : `entry "${version}": `;
  return `${file}:${line}: ${severity}: ${entry}${text} [${rule}]`;
}
