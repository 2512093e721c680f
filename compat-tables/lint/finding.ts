/** One thing that lint-table has to say. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly severity: 'error' | 'warning';
  /** A code of the catalogue for errors, the name of the rule for warnings. */
  readonly rule: string;
  readonly version?: string;
  /** What is wrong, and where it helps, what to do. */
  readonly text: string;
}

/** `FILE:LINE: error: entry "…": … [VC-TABLE]`, as compilers say it. */
export function findingLine({ file, line, severity, rule, version, text }: Finding): string {
  const entry = version === undefined ? '' : `entry "${version}": `;
  return `${file}:${line}: ${severity}: ${entry}${text} [${rule}]`;
}
