import { familyOf } from '../../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import { CompatError } from '../../../compat-tables/errors/compat-error.ts';
import type { SessionContext, SessionState } from './session.ts';

/** The errors with which a session refuses a message; the rules that decide are in request-rules.ts and reply-rules.ts. */

/** The front-end leaves its replies unread. */
export function floodOfRequests({ interface: name }: SessionContext, unread: number): CompatError {
  return new CompatError(
    'VC-VHOST-FLOOD',
    `Cannot forward to the back-end of ${name}: the front-end left ${unread} replies unread`,
    { interface: name },
  );
}

/** SET_FEATURES with bits that were not offered. */
export function featuresOutsideOffer(context: SessionContext, { offered }: SessionState, foreign: bigint): CompatError {
  return outsideOffer(context, 'SET_FEATURES', featureNames(familyOf(context.mode.deviceType), foreign), offered);
}

/** SET_PROTOCOL_FEATURES with bits that were not offered. */
export function protocolOutsideOffer(context: SessionContext, state: SessionState, foreign: bigint): CompatError {
  return outsideOffer(context, 'SET_PROTOCOL_FEATURES', featureNames(PROTOCOL, foreign), state.offeredProtocol);
}

function outsideOffer(context: SessionContext, what: string, missing: readonly string[], offered: bigint): CompatError {
  return new CompatError(
    'VC-ACK-OUTSIDE-OFFER',
    `Cannot accept ${what} of the front-end of ${context.interface}: ${missing.join(', ')} is not in the offer ${formatMask(offered)} of version ${context.mode.version}`,
    { ...subject(context), missing },
  );
}

/** SET_FEATURES with other bits than before while rings run. */
export function featuresWhileRunning(context: SessionContext, changed: bigint, before: bigint): CompatError {
  const names = featureNames(familyOf(context.mode.deviceType), changed);
  return new CompatError(
    'VC-FEATURES-RUNNING',
    `Cannot change the features of ${context.interface} while its device runs: ${names.join(', ')} would change; wanted ${formatMask(before)}, VHOST_F_LOG_ALL aside`,
    { ...subject(context), changed: names },
  );
}

/** A ring above the queue pairs of the version: two rings make a pair. */
export function tooManyQueues(context: SessionContext, ring: number, limit: number): CompatError {
  return new CompatError(
    'VC-QUEUE-PAIRS',
    `Cannot accept ring ${ring} of ${context.interface}: version ${context.mode.version} allows ${limit} queue pairs, rings 0 to ${limit * 2 - 1}`,
    { ...subject(context), ring, limit },
  );
}

export function ringTooLarge(context: SessionContext, ring: number, size: number, limit: number): CompatError {
  return new CompatError(
    'VC-RING-SIZE',
    `Cannot accept ring ${ring} of ${context.interface}: it has ${size} descriptors; version ${context.mode.version} allows ${limit}`,
    { ...subject(context), ring, size, limit },
  );
}

/** The back-end answers GET_FEATURES with less than the version promises. */
export function noLongerHonoured(context: SessionContext, mask: bigint): CompatError {
  const missing = featureNames(familyOf(context.mode.deviceType), mask);
  return new CompatError(
    'VC-MODE-FEATURES',
    `Cannot offer version ${context.mode.version} on ${context.interface}: the back-end no longer offers ${missing.join(', ')}`,
    { ...subject(context), missing },
  );
}

/** The back-end answers GET_QUEUE_NUM with less than the version promises. */
export function tooFewQueues(context: SessionContext, has: number, wanted: number): CompatError {
  return new CompatError(
    'VC-MODE-LIMIT',
    `Cannot offer version ${context.mode.version} on ${context.interface}: the back-end has ${has} queue pairs, the version promises ${wanted}`,
    { ...subject(context), limit: 'queue_pairs', has, wanted },
  );
}

function subject(context: SessionContext): { readonly interface: string; readonly version: string } {
  return { interface: context.interface, version: context.mode.version };
}
