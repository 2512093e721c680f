import { shortened } from '../../base/text.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { InterfaceRow } from '../../rpc/state/read-rows.ts';
import { LONGEST_ENDPOINT, LONGEST_NAME } from '../orders/checks.ts';

/**
 * What clients wrote into the row of an interface, as far as it makes sense to go by it: its texts come back in orders, in
 * status and in events, and none of these takes a text of any length.
 */
export function boundedRow(row: InterfaceRow): InterfaceRow {
  const { version, inForce, deviceType } = row;
  // Cut off, a version is one that nobody knows, which it was before.
  const cut = (text: string | undefined) => text && shortened(text, LONGEST_NAME);
  if (cut(version) === version && cut(inForce) === inForce && cut(deviceType) === deviceType) return row;
  return { ...row, version: cut(version), inForce: cut(inForce), deviceType: shortened(deviceType, LONGEST_NAME) };
}

/** Why an interface cannot be ordered at all: two of them, cut off, would be the same. */
export function rowMistake({ name, frontend, backend }: InterfaceRow): CompatError | undefined {
  const details = { interface: shortened(name, 63) };
  const mistake = (code: 'VC-INTERFACE-NAME' | 'VC-ENDPOINT', what: string, length: number, most: number) =>
    new CompatError(
      code,
      `Cannot serve ${details.interface}: saw ${what} of ${length} characters; wanted at most ${most}`,
      details,
    );
  if (name.length > LONGEST_NAME) return mistake('VC-INTERFACE-NAME', 'a name', name.length, 63);
  const longest = frontend.length > backend.length ? frontend : backend;
  if (longest.length > LONGEST_ENDPOINT) return mistake('VC-ENDPOINT', 'an endpoint', longest.length, 115);
  return undefined;
}
