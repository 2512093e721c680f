import type { Effort } from '../../compat-tables/compare/effort.ts';
import type { DeviceReason, DeviceVerdict } from '../../compat-tables/devices/check-device.ts';
import { CATALOGUE, isErrorCode } from '../../compat-tables/errors/catalogue.ts';
import type { Mode, TargetAnswer } from '../../compat-tables/moves/check-move.ts';
import type { Obstacle } from '../../compat-tables/moves/obstacles.ts';
import type { HostDocument } from './host-document.ts';
import { checkDocuments, deviceOf } from './selection.ts';

/** Moves judged by device documents alone: by what a device is, and what the target takes in. */

export interface DocumentQuestion {
  /** The interface or device, for answers. */
  readonly name: string;
  readonly source: HostDocument;
  readonly target: HostDocument;
  /** The name of the target in answers. */
  readonly host: string;
  readonly deviceType: string;
  /** The version in which it runs; undefined: that of the source's own device. */
  readonly version: string | undefined;
  /** Judge by this version on the target only. */
  readonly only: string | undefined;
  /** What the checks of all targets may cost. */
  readonly effort: Effort;
}

export function moveByDocuments(question: DocumentQuestion): TargetAnswer {
  const { source, target, host, deviceType, only, effort } = question;
  const [here, there] = [deviceOf(source, deviceType), deviceOf(target, deviceType)];
  if (here === undefined) return answered(question, [noDevice(source.host, deviceType)]);
  if (there === undefined) return answered(question, [noDevice(host, deviceType)]);
  const running = question.version ?? here.self.version;
  const check = (version: string | undefined) =>
    // under a scheme of numbers the device's own version is not an entry: 1.2.7 counts as 1.2
    checkDocuments(source, target, {
      ...{ deviceType, effort },
      ...(version === here.self.version ? {} : { version }),
    });
  const verdict = check(running);
  const other = only === undefined || only === running ? undefined : check(only);
  // 1.2.3 asked for by name is no other version than the 1.2.7 in which it runs
  if (other !== undefined && other.version !== verdict.version) return byAnother(question, other, running);
  const obstacles = verdict.reasons.map((reason) => obstacleOf(question, verdict, reason));
  return answered(question, obstacles, verdict.ok ? modeOf(running, verdict) : undefined);
}

/** That the target takes in another version does not answer for a guest that runs in this one. */
function byAnother(question: DocumentQuestion, verdict: DeviceVerdict, running: string | undefined): TargetAnswer {
  const obstacles = verdict.reasons.map((reason) => obstacleOf(question, verdict, reason));
  return answered(question, verdict.ok ? [anotherVersion(question, verdict.version, running)] : obstacles);
}

function answered({ host }: DocumentQuestion, obstacles: readonly Obstacle[], pin?: Mode): TargetAnswer {
  return {
    ...{ host, basis: 'document', possible: obstacles.length === 0, pin, others: [], asItStands: undefined },
    ...{ obstacles, warnings: [], after: undefined },
  };
}

/** Undefined for a device that has fields and no version: there is nothing to pin. */
function modeOf(version: string | undefined, { there }: DeviceVerdict): Mode | undefined {
  return version === undefined || there === undefined ? undefined : { version, ...there, same: true, surplus: [] };
}

function obstacleOf(
  { target, host }: DocumentQuestion,
  { version }: DeviceVerdict,
  { code, text, host: answering }: DeviceReason,
): Obstacle {
  const where = answering === target.host ? host : answering;
  // when the source lacks the version, the text names the source already
  const named = code === 'VC-VERSION-UNKNOWN' && answering !== target.host;
  return { code, text: named ? text : `${version} on ${where}: ${text}`, remedy: remedyOf(code), missing: [] };
}

function noDevice(host: string, deviceType: string): Obstacle {
  const text = `${host} has no device of type ${deviceType}`;
  return { code: 'VC-VERSION-DEVICE-TYPE', text, remedy: 'Choose a host that serves this device type.', missing: [] };
}

function anotherVersion({ name, host }: DocumentQuestion, version: string, running: string | undefined): Obstacle {
  const text = `${host} takes in ${version}, but ${name} runs in ${running ?? 'a device without a version'}, and documents alone do not tell whether the one holds the other`;
  const remedy = 'Leave out --version, or name the version in which it runs.';
  return { code: 'VC-VERSION-UNUSABLE', text, remedy, missing: [] };
}

/** The remedy of a code; a document of a newer release may have codes that are not known here. */
function remedyOf(code: string): string {
  return isErrorCode(code) ? CATALOGUE[code].remedy : 'Choose another target; the guest goes on where it is.';
}
