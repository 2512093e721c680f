/** The form of the message tables: a row for each line of another program. */
import type { Device } from '../device.ts';

export type Program = 'QEMU' | 'DPDK' | 'Open vSwitch' | 'libvirt' | 'VPP' | 'vhost-compat' | 'unknown program';

/**
 * One message of another program. The names of its groups carry the meaning:
 *
 * - masks: `features` (what the guest has) with `allowed` (what this side can offer); `missing`; `negotiated` and
 *   `other` (to be decoded, nothing is wrong with them); `protocol` (protocol features)
 * - request numbers: `expected`, `received`, `request`; those of the back-end's own channel end in `Back`
 * - `device`: a device by the name that QEMU gives it
 * - all others stand in the texts only: `{path}` there is replaced by what the group matched
 */
export interface MessageRow {
  /** Stable; programs may rely on it. */
  readonly id: string;
  readonly program: Program;
  readonly pattern: RegExp;
  /** A whole line as the program writes it. */
  readonly example: string;
  readonly means: string;
  /** The most likely cause; absent where the bits of the mask tell it, or nothing is wrong. */
  readonly culprit?: string;
  /** Absent where nothing needs to be done. */
  readonly remedy?: string;
  /** Features that are missing whenever the line is seen. */
  readonly lacks?: { readonly family: 'virtio' | 'protocol'; readonly names: readonly string[] };
  /** Tried only on lines that no other row knows, in the order of the rows; the first that knows the line has it. */
  readonly fallback?: boolean;
  /** Whether the numbers that the pattern found may be masks of this device. */
  readonly holds?: (groups: Readonly<Record<string, string | undefined>>, device: Device) => boolean;
}

/** Puts what the groups matched into the braces of a text. */
export function filled(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '?');
}
