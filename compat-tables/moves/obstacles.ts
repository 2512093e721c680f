/** Why an interface cannot move to a host: each reason by name, with who is behind it and what to do. */

import { limitName, QUEUE_LIMIT } from '../bits/queue-counts.ts';
import { isNeverMoved, stateStays } from '../compare/device-state.ts';
import { type MigrationLack, offeredProtocol, protocolOf } from '../compare/migration-lacks.ts';
import { MEMORY_LIMIT } from '../entries/memory-slots.ts';
import { CATALOGUE } from '../errors/catalogue.ts';
import { FRONTEND_LOGS } from '../errors/remedy.ts';
import { type BackendLacks, backendLacks, type Wanting, wouldDo } from './backend-lacks.ts';
import { type BlockingBit, blockingBits } from './blocking-bits.ts';
import { type Candidate, closest, type Question } from './fitting-versions.ts';
import { connectionOf, lacksAtHome, type Need } from './guest-needs.ts';
import { type MoveHost, type MoveSubject, versionNamed } from './move-host.ts';
import { type Shortage, shortageText } from './ring-and-queue-sizes.ts';

export interface Obstacle {
  /** A code of the catalogue. */
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
  /** Empty unless features are missing. */
  readonly missing: readonly BlockingBit[];
}

/** Why QEMU would not migrate this interface anywhere; empty: it would. */
export function sourceObstacles(subject: MoveSubject, home: MoveHost): Obstacle[] {
  const log = (lacksAtHome(subject, home) ?? []).map(({ culprit, text }) => ({
    code: 'VC-MIGRATE-LOG',
    text: `${staysAt(subject, home)}${text}`,
    remedy: `${LEAVING[culprit]} Until then, shut the guest down and start it on the other host.`,
    missing: [],
  }));
  return [...log, ...stateObstacles(subject, home)];
}

function stateObstacles(subject: MoveSubject, home: MoveHost): Obstacle[] {
  const { deviceType } = subject;
  const connection = connectionOf(subject, home);
  // of a type that is never moved that is known without a back-end
  const behind = stateStays(deviceType, offeredProtocol(connection) ?? ~0n);
  const lack = 'its front-end was offered, and did not accept,';
  const left = stateStays(deviceType, protocolOf(connection) ?? ~0n, lack);
  const remedy = isNeverMoved(deviceType) ? WITHOUT_STATE : CATALOGUE['VC-MIGRATE-STATE'].remedy;
  return (behind.length > 0 ? behind : left).map((text) => {
    return { code: 'VC-MIGRATE-STATE', text: `${staysAt(subject, home)}${text}`, remedy, missing: [] };
  });
}

/** Of a device that no back-end and no QEMU moves. */
const WITHOUT_STATE =
  'Unplug the device before the guest moves and plug it in again afterwards, or shut the guest down and start it on the other host.';

/** How each sentence of sourceObstacles begins. */
export function staysAt(subject: Pick<MoveSubject, 'name'>, home: Pick<MoveHost, 'name'>): string {
  return `QEMU does not migrate ${subject.name} from ${home.name}: `;
}

const LEAVING: Readonly<Record<MigrationLack['culprit'], string>> = {
  'back-end': 'Give this host a back-end that can log.',
  version: 'Pin a version here that does not cut it, then stop and start the guest.',
  'front-end': FRONTEND_LOGS,
};

const WANTED_FOR: Readonly<Record<string, string>> = {
  VHOST_USER_F_PROTOCOL_FEATURES: 'QEMU needs to enable rings: the interface would pass nothing',
  VHOST_USER_PROTOCOL_F_MQ: 'several queue pairs need',
  VHOST_USER_PROTOCOL_F_CONFIG: 'QEMU reads the configuration of the device from the back-end by',
  VHOST_USER_PROTOCOL_F_DEVICE_STATE:
    'the back-end needs to take over the state of the device: QEMU refuses it there (does not support migration through qemu)',
  VHOST_USER_PROTOCOL_F_PAGEFAULT: 'post-copy needs',
  VHOST_USER_PROTOCOL_F_REPLY_ACK: 'QEMU wants of a back-end that offers VIRTIO_F_ACCESS_PLATFORM',
  VHOST_USER_PROTOCOL_F_BACKEND_REQ: 'QEMU wants of a back-end that offers VIRTIO_F_ACCESS_PLATFORM',
};

/** Which version of the destination was asked about, and one that would do when another does not. */
interface AskedVersion {
  readonly only?: string | undefined;
  readonly would?: string | undefined;
}

/**
 * Why none of these versions of the destination takes the guest: first what its back-end lacks, whichever version stands
 * before it; what versions lack only where the back-end would do, or where one of them was asked about.
 */
export function targetObstacles(question: Question, considered: readonly Candidate[], asked: AskedVersion): Obstacle[] {
  const lacks = backendLacks(question);
  const found = backendObstacles(question, lacks);
  if (asked.only === undefined && found.length > 0) return found;
  const nearest = closest(considered);
  if (nearest !== undefined) return [...found, ...versionObstacles(question, nearest, lacks, asked)];
  return [...found, asked.only === undefined ? noVersionObstacle(question) : notUsable(question.to, asked.only)];
}

function notUsable(to: MoveHost, version: string): Obstacle {
  const row = versionNamed(to, version);
  const text = row
    ? `${to.name} cannot honour ${version}: ${row.blockers.map((one) => one.text).join('; ')}`
    : `${to.name} has no version ${version}`;
  const code = row ? 'VC-VERSION-UNUSABLE' : 'VC-VERSION-UNKNOWN';
  const remedy = 'Choose a version that is usable there (`vhost-compat list-versions`).';
  return { code, text, remedy, missing: [] };
}

function backendObstacles(question: Question, { features, shortages, protocol }: BackendLacks): Obstacle[] {
  const { to } = question;
  const who = `the back-end of ${to.name}`;
  const found: Obstacle[] = [];
  if (features !== 0n) {
    const missing = blockingBits(question, features);
    const text = `${who} does not offer ${missing.map(({ name }) => name).join(', ')}`;
    found.push({ code: 'VC-MODE-FEATURES', text, remedy: oneRemedy(missing), missing });
  }
  for (const shortage of shortages) {
    const more =
      shortage.name === MEMORY_LIMIT
        ? 'move it to a back-end that takes more regions (VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS)'
        : `Raise ${limitName(to.deviceType, shortage.name)} in the back-end there`;
    const { text, remedy } = shortageText(to.deviceType, who, shortage, needText(question.need, shortage), more);
    found.push({ code: 'VC-MODE-LIMIT', text, remedy, missing: [] });
  }
  for (const name of protocol)
    found.push({
      code: 'VC-MODE-PROTOCOL',
      text: `${who} has no ${name}, which ${wantedFor(name)}`,
      remedy: BACKEND_REMEDIES[name] ?? 'Update the back-end there, or choose another host.',
      missing: [],
    });
  const [first, ...others] = found;
  if (first === undefined || to.versions.length === 0) return found;
  return [{ ...first, remedy: `${first.remedy} ${withSuchABackend(question)}` }, ...others];
}

/** What a version would need there if the back-end had what is missing. */
function withSuchABackend(question: Question): string {
  const { to } = question;
  const would = wouldDo(question);
  if (would === undefined)
    return `No version of ${to.name} has all that the guest needs: with such a back-end, define one (\`vhost-compat capture --define\`).`;
  if (would.blockers.length === 0) return `With a back-end that has it, ${would.version} is usable on ${to.name}.`;
  return `${would.version}, the closest version, would need more: ${textsOf(would)}.`;
}

function textsOf({ blockers }: Wanting): string {
  return blockers.map(({ text }) => text).join('; ');
}

/** What one version lacks beyond what was said of the back-end already. */
function versionObstacles(
  question: Question,
  one: Candidate,
  said: BackendLacks,
  { only, would }: AskedVersion,
): Obstacle[] {
  const { from, to, need } = question;
  const mode = one.entry === undefined ? `the back-end of ${to.name}` : `${one.entry.version} on ${to.name}`;
  // the closest of several is an example; the back-end is what counts
  const lacking =
    only === undefined && one.entry !== undefined && to.abilities !== undefined
      ? `the back-end of ${to.name} would do, but ${one.entry.version}, the closest version there,`
      : mode;
  const found: Obstacle[] = [];
  const say = (code: string, text: string, remedy: string, missing: readonly BlockingBit[] = []) => {
    const other = would === undefined ? remedy : `Leave out the version: ${to.name} takes the guest in ${would}.`;
    found.push({ code, text, remedy: other, missing });
  };
  if (one.differs)
    say(
      'VC-DIGEST-DIFFERS',
      `${one.entry?.version} has other content on ${to.name} than on ${from.name}`,
      'Find the host whose table was changed and restore the published entry.',
    );
  if (one.backward)
    say(
      'VC-MOVE-DIRECTION',
      `${need.version} moves to newer hosts only, and ${mode} is not newer than ${from.name}`,
      `Start the guest in a version that moves both ways before it has to go to ${to.name}.`,
    );
  const features = one.missing & ~said.features;
  if (features !== 0n) {
    const missing = blockingBits(question, features);
    const text = `${lacking} does not offer ${missing.map(({ name }) => name).join(', ')}`;
    say('VC-MODE-FEATURES', text, oneRemedy(missing), missing);
  }
  for (const shortage of one.shortages) {
    if (said.shortages.some((other) => other.name === shortage.name)) continue;
    const more =
      shortage.name === MEMORY_LIMIT
        ? uncut(to, 'VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS')
        : `Define a version with more on ${to.name} (\`vhost-compat capture --define\`)`;
    const { text, remedy } = shortageText(to.deviceType, lacking, shortage, needText(need, shortage), more);
    say('VC-MODE-LIMIT', text, remedy);
  }
  for (const name of one.protocol)
    if (!said.protocol.includes(name))
      say('VC-MODE-PROTOCOL', `${lacking} has no ${name}, which ${wantedFor(name)}`, `U${uncut(to, 'it').slice(1)}.`);
  return found;
}

function uncut(to: MoveHost, name: string): string {
  return `use a version of ${to.name} that does not cut ${name}, or define one (\`vhost-compat capture --define\`)`;
}

/** What was measured of the interface, or what its version lets it have. */
function needText({ basis, version, queuePairs }: Need, { name, needed }: Shortage): string {
  const measured = basis === 'acked' || (name === QUEUE_LIMIT && queuePairs !== undefined);
  return measured || version === undefined ? `the interface has ${needed}` : `${version} promises it ${needed}`;
}

/** Where a setting of the back-end decides. */
const BACKEND_REMEDIES: Readonly<Record<string, string>> = {
  VHOST_USER_PROTOCOL_F_PAGEFAULT:
    'Move it without post-copy, or switch it on in the back-end there (Open vSwitch: other_config:vhost-postcopy-support=true on client-mode ports, ovs-vswitchd started without locked memory).',
};

function wantedFor(name: string): string {
  return WANTED_FOR[name] ?? 'the front-end needs';
}

function oneRemedy(missing: readonly BlockingBit[]): string {
  return [...new Set(missing.map(({ remedy }) => remedy))].join(' ');
}

/** Nothing there may be tried: what each version lacks would only repeat it. */
function noVersionObstacle(question: Question): Obstacle {
  const { to } = question;
  const codes = new Set(to.versions.flatMap(({ blockers }) => blockers.map(({ code }) => code)));
  if (to.versions.length === 0) {
    const text = `${to.name} has no version of device type ${to.deviceType}, and nothing is known of its back-end`;
    return { code: 'VC-VERSION-DEVICE-TYPE', text, remedy: 'Choose a host that serves this device type.', missing: [] };
  }
  if (codes.size === 1 && codes.has('VC-BACKEND-UNKNOWN')) {
    const text = `nothing is known of the back-end of ${to.name} yet`;
    const remedy = 'Add an interface whose back-end is running there, or declare the back-end in its configuration.';
    return { code: 'VC-BACKEND-UNKNOWN', text, remedy, missing: [] };
  }
  const who = to.abilities === undefined ? to.name : `the back-end of ${to.name} would do, but the host`;
  const text = `${who} can honour none of its ${to.versions.length} versions`;
  const needs = wouldDo(question);
  const closest = needs === undefined ? '' : ` ${needs.version} needs more: ${textsOf(needs)}.`;
  const remedy = `Define a version for its back-end (\`vhost-compat capture --define\`).${closest}`;
  return { code: 'VC-MODE-NONE', text, remedy, missing: [] };
}
