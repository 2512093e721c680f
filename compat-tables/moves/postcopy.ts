/**
 * Post-copy: the guest runs at the destination before its memory is there, so the back-end there has to wait for pages
 * (VHOST_USER_PROTOCOL_F_PAGEFAULT). QEMU asks for it where a guest arrives only (postcopy_ram_supported_by_host).
 */
import { PROTOCOL_PAGEFAULT } from '../bits/named-masks.ts';
import { offeredProtocolFeatures } from '../entries/entry.ts';
import { type MoveHost, type MoveSubject, versionNamed } from './move-host.ts';

const PAGEFAULT = 'VHOST_USER_PROTOCOL_F_PAGEFAULT';

/** What to know of a move by post-copy, whether it is possible or not. */
export function postcopyWarnings(subject: MoveSubject, home: MoveHost, to: MoveHost): string[] {
  const { ackedProtocol, abilities = home.abilities } = subject;
  const entry = versionNamed(home, subject.inForce ?? subject.nextStart)?.entry;
  const backend = abilities?.protocolFeatures;
  const offered = backend === undefined || entry === undefined ? backend : offeredProtocolFeatures(entry, backend);
  return [
    ...(to.abilities === undefined
      ? [`nothing is known of the back-end of ${to.name}: whether it can do post-copy (${PAGEFAULT}) is not said`]
      : []),
    ...(offered !== undefined && (offered & PROTOCOL_PAGEFAULT) === 0n
      ? [`it could not come back to ${home.name} by post-copy: it is offered no ${PAGEFAULT} there`]
      : []),
    ...(((offered ?? 0n) & ~(ackedProtocol ?? ~0n) & PROTOCOL_PAGEFAULT) === 0n
      ? []
      : [`its front-end did not accept ${PAGEFAULT} here: one of the same release at ${to.name} refuses post-copy`]),
  ];
}
