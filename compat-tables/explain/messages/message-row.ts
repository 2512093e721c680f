/** The form of the message tables: a row for each line of another program. */
import type { Device } from '../device.ts';

export type Program =
  | 'QEMU'
  | 'libvhost-user'
  | 'DPDK'
  | 'Open vSwitch'
  | 'libvirt'
  | 'OpenStack'
  | 'VPP'
  | 'SPDK'
  | 'cloud-hypervisor'
  | 'rust-vmm'
  | 'passt'
  | 'vhost-compat'
  | 'unknown program';

/**
 * `cause`: the line names what is wrong. `symptom`: something failed, and another line says why. `course`: nothing is
 * wrong; such lines show the course of things.
 */
export type Tells = 'cause' | 'symptom' | 'course';

/**
 * One message of another program. The names of its groups carry the meaning:
 *
 * - masks: `features` (what the guest has) with `allowed` (what this side can offer); `missing`; `negotiated` and
 *   `other` (to be decoded, nothing is wrong with them); `protocol` (protocol features)
 * - request numbers: `expected`, `received`, `request`; those of the back-end's own channel end in `Back`
 * - error numbers: those that begin with `errno`; sizes in bytes, decimal or `0x…`: those that end in `Bytes`; page sizes
 *   as one hexadecimal mask: those that end in `Pages`
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
  /** Other spellings, older or newer, that the pattern has to know as well. */
  readonly spellings?: readonly string[];
  /** Where the line is written: file, function, and the releases that have it. */
  readonly source: string;
  /** `cause` unless given. */
  readonly tells?: Tells;
  /**
   * For `course`: the program writes it at level ERR or WARN although nothing is wrong. Without it such a line is none of
   * this row, whatever its pattern says: it stays unknown rather than harmless.
   */
  readonly loud?: true;
  /** The short name of the device type, where the line itself decides it: `net`. */
  readonly device?: string;
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

/** Puts what the groups matched into the braces of a text; `{a|b}`: what one of them matched. */
export function filled(text: string, values: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(
    /\{([\w|]+)\}/g,
    (_, names: string) =>
      names
        .split('|')
        .map((name) => values[name])
        .find((value) => value !== undefined) ?? '?',
  );
}
