import { familyOf } from '../../compat-tables/bits/device-types.ts';
import { featureNames, formatMask } from '../../compat-tables/bits/mask.ts';
import { Effort } from '../../compat-tables/compare/effort.ts';
import { checkMove, type MoveAnswer, type TargetAnswer } from '../../compat-tables/moves/check-move.ts';
import type { Basis } from '../../compat-tables/moves/guest-needs.ts';
import { type Obstacle, sourceObstacles } from '../../compat-tables/moves/obstacles.ts';
import { moveByDocuments } from './document-moves.ts';
import type { HostDocument } from './host-document.ts';
import { interfaceIn, moveHost, moveTarget } from './move-hosts.ts';
import { deviceOf, hostNames, usualType } from './selection.ts';

/** Questions about moves, answered from documents; for the command line and the management API alike. */

export interface MoveQuestion {
  readonly source: HostDocument;
  /** The interface; when the source is the document of a device, the version in which it runs, or `self`. */
  readonly name: string;
  readonly targets: readonly HostDocument[];
  /** Judge by this version on the targets only. */
  readonly version?: string | undefined;
  /** Whether it can move by post-copy. */
  readonly postcopy?: boolean | undefined;
  /** What the answer may cost, for documents that others sent. */
  readonly effort?: Effort | undefined;
}

export interface AnsweredMove {
  readonly deviceType: string;
  readonly answer: MoveAnswer;
}

/** Throws VC-INTERFACE-UNKNOWN. A target that has nothing of the device type is answered with no and the reason. */
export function answerMove(question: MoveQuestion): AnsweredMove {
  const { source, name, targets, version: only, postcopy, effort = new Effort() } = question;
  if (isDevice(source)) return deviceMove(source, usualType([source]), question);
  const subject = interfaceIn(source, name);
  const { deviceType } = subject;
  // named together, so that hosts of the same name get distinct names
  const [homeName = source.host, ...names] = hostNames([source, ...targets]);
  const home = moveHost(source, deviceType, homeName);
  const asked = targets.map((target, index) => {
    const host = moveTarget(target, deviceType, names[index] ?? target.host);
    return { target, host, byDocuments: host.versions.length === 0 && deviceOf(target, deviceType) !== undefined };
  });
  const byBits = asked.filter((one) => !one.byDocuments).map(({ host }) => host);
  const answer = checkMove(subject, home, byBits, { only, postcopy, effort });
  const judged = answer.targets.values();
  const version = answer.version ?? subject.inForce ?? subject.nextStart;
  const obstacles = sourceObstacles(subject, home);
  const answers = asked.flatMap(({ target, host, byDocuments }) => {
    if (!byDocuments) return judged.next().value ?? [];
    const question = { name, source, target, host: host.name, deviceType, version, only, effort };
    return held(byDocument(moveByDocuments(question), postcopy), obstacles);
  });
  const basis = asked.length > 0 && byBits.length === 0 ? 'document' : answer.basis;
  const possible = answers.every((one) => one.possible);
  return { deviceType, answer: { ...answer, basis, version, targets: answers, possible } };
}

/** Where each interface of a host can move; for a document of devices alone, where each device can. */
export function answerDrain(
  source: HostDocument,
  targets: readonly HostDocument[],
  { postcopy }: Pick<MoveQuestion, 'postcopy'> = {},
): AnsweredMove[] {
  if (!isDevice(source)) return source.interfaces.map(({ name }) => answerMove({ source, name, targets, postcopy }));
  const types = new Set(source.devices?.map(({ self }) => self.device_type));
  return [...types].map((deviceType) => deviceMove(source, deviceType, { source, name: SELF, targets, postcopy }));
}

/** Stands for the version that a device document gives its own device. */
const SELF = 'self';

/** Whether a document is that of devices alone: it has neither versions with blockers nor interfaces. */
function isDevice({ versions, interfaces, devices }: HostDocument): boolean {
  return versions.length === 0 && interfaces.length === 0 && devices !== undefined && devices.length > 0;
}

function deviceMove(source: HostDocument, deviceType: string, question: MoveQuestion): AnsweredMove {
  const { name, targets, version: only, postcopy, effort = new Effort() } = question;
  const [host = source.host, ...names] = hostNames([source, ...targets]);
  const version = name === SELF ? deviceOf(source, deviceType)?.self.version : name;
  const answers = targets.map((target, index) => {
    const asked = { name, source, target, host: names[index] ?? target.host, deviceType, version, only, effort };
    return byDocument(moveByDocuments(asked), postcopy);
  });
  const answer: MoveAnswer = {
    ...{ interface: name, host, basis: 'document', version, need: undefined, decidedByDevice: [] },
    ...{ possible: answers.every(({ possible }) => possible), targets: answers },
  };
  return { deviceType, answer };
}

/** Documents of devices state no protocol features. */
function byDocument(answer: TargetAnswer, postcopy = false): TargetAnswer {
  if (!postcopy) return answer;
  const text = `the documents of devices do not tell whether ${answer.host} can do post-copy`;
  return { ...answer, warnings: [...answer.warnings, text] };
}

/** Obstacles on the source are obstacles to every target. */
function held(answer: TargetAnswer, obstacles: readonly Obstacle[]): TargetAnswer {
  if (obstacles.length === 0) return answer;
  return { ...answer, possible: false, pin: undefined, obstacles: [...obstacles, ...answer.obstacles] };
}

/** The answer for programs, in a stable form. */
export function moveJson({ answer, deviceType }: AnsweredMove) {
  const { host, need, basis, version, possible, targets } = answer;
  return {
    ...{ interface: answer.interface, host, device_type: deviceType, basis: basis ?? null, version: version ?? null },
    needs: need === undefined ? null : needJson(deviceType, need),
    ...{ decided_by_device: answer.decidedByDevice, possible },
    targets: targets.map((target) => targetJson(target, basis)),
  };
}

function needJson(deviceType: string, { features, limits }: NonNullable<MoveAnswer['need']>) {
  return { features: formatMask(features), feature_names: featureNames(familyOf(deviceType), features), limits };
}

function targetJson(target: TargetAnswer, answered: Basis | undefined) {
  const { host, possible, pin, others, asItStands, obstacles, warnings, after, basis = answered } = target;
  return {
    ...{ host, basis: basis ?? null, possible, pin: pin ?? null, others },
    as_it_stands: asItStands ?? null,
    ...{ obstacles, warnings, after: after ?? null },
  };
}
