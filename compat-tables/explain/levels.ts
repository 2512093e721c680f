/** How loud a line is that no row knows: one of level ERR or WARN must not be passed over in silence. */

export type Level = 'ERR' | 'WARN';

const ERROR =
  /\|(?:ERR|EMER)\||\*(?:ERROR|CRITICAL)\*|: error ?:|\b(?:ERROR|CRITICAL|FATAL)\b(?!-)|\[(?:ERROR|error)\]|<err(?:or)?>|^error: |level=error|"(?:level|severity)":"(?:error|critical)"/;
const WARNING =
  /\|WARN\||\*WARN(?:ING)?\*|: warning ?:|\bWARN(?:ING)?\b|\[(?:WARN|warn)(?:ing)?\]|<warn(?:ing)?>|level=warn|"(?:level|severity)":"warn(?:ing)?"/;
/** QEMU gives its errors no level. Its lines of information have one. */
const QEMU =
  /\b(?:qemu-system-\w+|qemu-kvm|kvm|qemu-storage-daemon): (?!info: |terminating on signal|-device |warning: )/;

/** The level of a line by the habits of the programs around us; undefined: it has none, or a lower one. */
export function levelOf(line: string): Level | undefined {
  if (ERROR.test(line)) return 'ERR';
  if (WARNING.test(line)) return 'WARN';
  return QEMU.test(line) ? 'ERR' : undefined;
}
