import { familyOf } from '../../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../../compat-tables/bits/mask.ts';
import { firstRingBeyond, QUEUE_LIMIT, queueUnit } from '../../../compat-tables/bits/queue-counts.ts';
import { PROTOCOL } from '../../../compat-tables/bits/vhost-user-protocol.ts';
import type { ErrorCode } from '../../../compat-tables/errors/catalogue.ts';
import { CompatError, type ErrorDetails } from '../../../compat-tables/errors/compat-error.ts';
import { NO_VERSION_HAS } from '../../../compat-tables/errors/remedy.ts';
import type { SessionContext, SessionState } from './session.ts';

/** The errors with which a session refuses a message; the rules that decide are in request-rules.ts and reply-rules.ts. */

/** The front-end leaves its replies unread. */
export function floodOfRequests({ interface: name }: SessionContext, unread: number): CompatError {
  const text = `Cannot forward to the back-end of ${name}: the front-end left ${unread} replies unread`;
  return new CompatError('VC-VHOST-FLOOD', text, { interface: name });
}

/** SET_FEATURES with bits that were not offered. */
export function featuresOutsideOffer(context: SessionContext, { offered }: SessionState, foreign: bigint): CompatError {
  const nobodys = foreign & ~context.abilities.virtioFeatures;
  const names = (mask: bigint) => virtioNames(context, mask);
  return outsideOffer(context, 'SET_FEATURES', offered, names(foreign), names(nobodys));
}

/** SET_PROTOCOL_FEATURES with bits that were not offered. */
export function protocolOutsideOffer(context: SessionContext, state: SessionState, foreign: bigint): CompatError {
  const nobodys = foreign & ~context.abilities.protocolFeatures;
  const names = (mask: bigint) => featureNames(PROTOCOL, mask);
  return outsideOffer(context, 'SET_PROTOCOL_FEATURES', state.offeredProtocol, names(foreign), names(nobodys));
}

/** `nobodys`: those that the back-end does not offer either, so that no version can have them. */
function outsideOffer(
  context: SessionContext,
  what: string,
  offered: bigint,
  missing: readonly string[],
  nobodys: readonly string[],
): CompatError {
  const { interface: name, mode } = context;
  const why = `${missing.join(', ')} is not in the offer ${formatMask(offered)} of version ${mode.version}`;
  const all = nobodys.length === missing.length ? 'it' : nobodys.join(', ');
  const fault = nobodys.length === 0 ? '' : `, and ${NO_VERSION_HAS} ${all} here: the back-end does not offer it`;
  const text = `accept ${what} of the front-end of ${name}: ${why}${fault}`;
  return refusal(context, 'VC-ACK-OUTSIDE-OFFER', text, { missing });
}

/** SET_FEATURES with other bits than before while rings run. */
export function featuresWhileRunning(context: SessionContext, mask: bigint, before: bigint): CompatError {
  const changed = virtioNames(context, mask);
  const why = `${changed.join(', ')} would change; wanted ${formatMask(before)}, VHOST_F_LOG_ALL aside`;
  const text = `change the features of ${context.interface} while its device runs: ${why}`;
  return refusal(context, 'VC-FEATURES-RUNNING', text, { changed });
}

/** A ring above the queues of the version. */
export function tooManyQueues(context: SessionContext, ring: number, limit: number): CompatError {
  const { version, deviceType } = context.mode;
  const last = (firstRingBeyond(deviceType, limit) ?? ring) - 1;
  const why = `version ${version} allows ${limit} ${queueUnit(deviceType)}, rings 0 to ${last}`;
  return refusal(context, 'VC-QUEUE-PAIRS', `accept ring ${ring} of ${context.interface}: ${why}`, { ring, limit });
}

export function ringTooLarge(context: SessionContext, ring: number, size: number, limit: number): CompatError {
  const why = `it has ${size} descriptors; version ${context.mode.version} allows ${limit}`;
  const text = `accept ring ${ring} of ${context.interface}: ${why}`;
  return refusal(context, 'VC-RING-SIZE', text, { ring, size, limit });
}

/** The back-end answers GET_FEATURES with less than the version promises. */
export function noLongerHonoured(context: SessionContext, mask: bigint): CompatError {
  const missing = virtioNames(context, mask);
  const text = `${offer(context)}: the back-end no longer offers ${missing.join(', ')}`;
  return refusal(context, 'VC-MODE-FEATURES', text, { missing });
}

/** The back-end answers GET_QUEUE_NUM with less than the version promises. */
export function tooFewQueues(context: SessionContext, has: number, wanted: number): CompatError {
  const unit = queueUnit(context.mode.deviceType);
  const text = `${offer(context)}: the back-end has ${has} ${unit}, the version promises ${wanted}`;
  return refusal(context, 'VC-MODE-LIMIT', text, { limit: QUEUE_LIMIT, has, wanted });
}

function offer({ interface: name, mode }: SessionContext): string {
  return `offer version ${mode.version} on ${name}`;
}

function virtioNames({ mode }: SessionContext, mask: bigint): readonly string[] {
  return featureNames(familyOf(mode.deviceType), mask);
}

function refusal(context: SessionContext, code: ErrorCode, text: string, details: ErrorDetails): CompatError {
  return new CompatError(code, `Cannot ${text}`, {
    interface: context.interface,
    version: context.mode.version,
    ...details,
  });
}
