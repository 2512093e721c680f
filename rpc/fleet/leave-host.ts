/** Whether QEMU would migrate an interface away from its host: asked of rows, answered as check-move answers it. */
import { lacksAtHome } from '../../compat-tables/moves/guest-needs.ts';
import { sourceObstacles, staysAt } from '../../compat-tables/moves/obstacles.ts';
import type { HostRow, InterfaceRow } from '../state/read-rows.ts';
import type { State } from '../state/state.ts';
import { hostDocument } from './describe-host.ts';
import { interfaceIn, moveHost } from './move-hosts.ts';

/** The reasons that check-move gives, without the name of the interface; none: QEMU would migrate it. Undefined: not known. */
export function reasonsToStay(state: State, host: HostRow, row: InterfaceRow): string[] | undefined {
  const document = hostDocument({ host, versions: state.versions(host), interfaces: [row] }, new Date());
  const subject = interfaceIn(document, row.name);
  const home = moveHost(document, row.deviceType);
  const obstacles = sourceObstacles(subject, home);
  const known = row.abilities !== undefined && lacksAtHome(subject, home) !== undefined;
  if (obstacles.length === 0 && !known) return undefined;
  return obstacles.map(({ text }) => text.replace(staysAt(subject, home), ''));
}
