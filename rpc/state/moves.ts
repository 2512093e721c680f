import { CATALOGUE, type CatalogueRow } from '../../compat-tables/catalogue.ts';
import { familyOf, featureNames } from '../../compat-tables/features.ts';
import { formatMask } from '../../compat-tables/mask.ts';
import { checkMove, type MoveAnswer, type TargetAnswer } from '../../compat-tables/moves/check-move.ts';
import type { HostDocument } from './documents.ts';
import { interfaceIn, moveHost, moveHosts } from './move-hosts.ts';
import { checkDocuments, usualType } from './selection.ts';

/** Questions about moves, asked of documents: what the command line and the management API answer alike. */

export interface MoveQuestion {
  readonly source: HostDocument;
  /** The interface; from the document of a device alone the version in which it runs, or `self`. */
  readonly name: string;
  readonly targets: readonly HostDocument[];
  /** Judge by this version on the targets and by no other. */
  readonly version?: string | undefined;
}

export interface AnsweredMove {
  readonly deviceType: string;
  readonly answer: MoveAnswer;
}

/** Throws VC-INTERFACE-UNKNOWN and VC-VERSION-DEVICE-TYPE. */
export function answerMove({ source, name, targets, version }: MoveQuestion): AnsweredMove {
  if (isDevice(source)) return deviceMove(source, name, targets);
  const subject = interfaceIn(source, name);
  const { deviceType } = subject;
  // named together, so that two hosts of one name stay apart
  const [home = moveHost(source, deviceType), ...hosts] = moveHosts([source, ...targets], deviceType);
  const answer = checkMove(subject, home, hosts, { only: version });
  const answers = answer.targets.map((one, index) => {
    const target = targets[index];
    return target !== undefined && isDevice(target) ? fromDocuments(source, target, deviceType, answer.version) : one;
  });
  return { deviceType, answer: { ...answer, targets: answers, possible: answers.every(({ possible }) => possible) } };
}

/** Where each interface of a host can go. */
export function answerDrain(source: HostDocument, targets: readonly HostDocument[]): AnsweredMove[] {
  return source.interfaces.map(({ name }) => answerMove({ source, name, targets }));
}

/** A document of a device alone: no versions with blockers, no interfaces, only what it is and what it takes in. */
function isDevice({ versions, interfaces, devices }: HostDocument): boolean {
  return versions.length === 0 && interfaces.length === 0 && devices !== undefined && devices.length > 0;
}

function deviceMove(source: HostDocument, name: string, targets: readonly HostDocument[]): AnsweredMove {
  const deviceType = usualType([source]);
  const version = name === 'self' ? undefined : name;
  const answers = targets.map((target) => fromDocuments(source, target, deviceType, version));
  const answer: MoveAnswer = {
    ...{ interface: name, host: source.host, basis: 'document', version, need: undefined, decidedByDevice: [] },
    ...{ possible: answers.every(({ possible }) => possible), targets: answers },
  };
  return { deviceType, answer };
}

function fromDocuments(
  source: HostDocument,
  target: HostDocument,
  deviceType: string,
  version: string | undefined,
): TargetAnswer {
  const options = { deviceType, ...(version === undefined ? {} : { version }) };
  const { ok, reasons } = checkDocuments(source, target, options);
  return {
    ...{ host: target.host, possible: ok, pin: undefined, others: [], asItStands: undefined, warnings: [] },
    obstacles: reasons.map(({ code, text }) => ({ code, text, remedy: remedyOf(code), missing: [] })),
    after: undefined,
  };
}

/** Reasons carry codes of the catalogue, but a document may come from a newer release. */
function remedyOf(code: string): string {
  const rows: ReadonlyMap<string, CatalogueRow> = new Map(Object.entries(CATALOGUE));
  return rows.get(code)?.remedy ?? CATALOGUE['VC-MOVE'].remedy;
}

/** The answer for programs: a stable form. */
export function moveDocument({ answer, deviceType }: AnsweredMove) {
  const { need } = answer;
  return {
    interface: answer.interface,
    host: answer.host,
    device_type: deviceType,
    basis: answer.basis ?? null,
    version: answer.version ?? null,
    needs:
      need === undefined
        ? null
        : {
            features: formatMask(need.features),
            feature_names: featureNames(familyOf(deviceType), need.features),
            limits: need.limits,
          },
    decided_by_device: answer.decidedByDevice,
    possible: answer.possible,
    targets: answer.targets.map(targetDocument),
  };
}

function targetDocument({ host, possible, pin, others, asItStands, obstacles, warnings, after }: TargetAnswer) {
  return {
    ...{ host, possible, pin: pin ?? null, others },
    as_it_stands: asItStands ?? null,
    ...{ obstacles, warnings, after: after ?? null },
  };
}
