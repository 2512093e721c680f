/** Warnings about the arrival at a destination: who is there already, and who learns that the guest has come. */
import { DEFAULT_DEVICE_TYPE } from '../bits/device-types.ts';
import { GUEST_ANNOUNCE, PROTOCOL_RARP } from '../bits/named-masks.ts';
import { offeredProtocolFeatures } from '../entries/entry.ts';
import type { Candidate } from './fitting-versions.ts';
import type { MoveHost, MoveSubject } from './move-host.ts';

export interface Arrival {
  readonly subject: MoveSubject;
  readonly home: MoveHost;
  readonly to: MoveHost;
  /** Undefined: none fits. */
  readonly mode: Candidate | undefined;
}

export function arrivalWarnings(arrival: Arrival): string[] {
  return [...placeWarnings(arrival), ...announceWarnings(arrival)];
}

/** The interface of the same name there, or all of them where there is none, cannot serve the guest now. */
function placeWarnings({ subject, home, to }: Arrival): string[] {
  if (home.id !== undefined && home.id === to.id) return []; // it is the interface itself
  const alike = to.interfaces.filter(({ deviceType }) => deviceType === subject.deviceType);
  const prepared = alike.find(({ name }) => name === subject.name);
  if (prepared !== undefined) return [...busyWarnings(prepared, to), ...closedWarnings(prepared, to)];
  if (alike.length === 0 || !alike.every(({ state }) => state === WAITING)) return [];
  return [`no back-end is connected on ${to.name}: all of its interfaces wait for theirs`];
}

function busyWarnings({ name, acked }: MoveSubject, to: MoveHost): string[] {
  return acked === undefined
    ? []
    : [
        `${name} of ${to.name} is in use by another guest: the front-end of this one is sent away until that one has left [VC-FRONTEND-BUSY]`,
      ];
}

const WAITING = 'waiting-backend';

/** Why no front-end gets in, by the state of the interface. */
const CLOSED: Readonly<Record<string, string>> = {
  [WAITING]: 'its back-end is not connected',
  refused: 'it can offer no version as it stands',
  error: 'an endpoint of it cannot be used',
  stopped: 'its agent has ended',
};

function closedWarnings({ name, state = '', detail }: MoveSubject, to: MoveHost): string[] {
  const why = Object.hasOwn(CLOSED, state) ? CLOSED[state] : undefined;
  if (why === undefined) return [];
  const said = detail === undefined ? '' : ` (${detail})`;
  return [
    `${name} of ${to.name} lets no front-end in now: ${why}${said}; until that is mended, a guest there does not start`,
  ];
}

/**
 * QEMU asks the back-end to announce a guest that does not announce itself (VHOST_USER_SEND_RARP, sent when the guest has
 * arrived). Where nobody does, switches go on sending to where it was.
 */
function announceWarnings({ subject, home, to, mode }: Arrival): string[] {
  const { acked, ackedProtocol, deviceType, abilities = home.abilities } = subject;
  if (deviceType !== DEFAULT_DEVICE_TYPE || mode === undefined) return [];
  if (acked === undefined || (acked & GUEST_ANNOUNCE) !== 0n) return [];
  const backend = to.abilities?.protocolFeatures ?? ~0n;
  const offered = mode.entry === undefined ? backend : offeredProtocolFeatures(mode.entry, backend);
  const lost = 'the switches learn where it is only when it sends something';
  const guest = 'its guest does not announce itself (no VIRTIO_NET_F_GUEST_ANNOUNCE)';
  if ((offered & PROTOCOL_RARP) === 0n) {
    const who = (backend & PROTOCOL_RARP) === 0n ? `the back-end of ${to.name}` : `${mode.entry?.version}`;
    return [`${guest}, and ${who} has no VHOST_USER_PROTOCOL_F_RARP: ${lost}`];
  }
  const left =
    ackedProtocol !== undefined && ((abilities?.protocolFeatures ?? 0n) & ~ackedProtocol & PROTOCOL_RARP) !== 0n;
  return left ? [`${guest}, and its front-end did not accept VHOST_USER_PROTOCOL_F_RARP: ${lost}`] : [];
}
