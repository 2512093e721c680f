import { limitName, QUEUE_LIMIT, queueCountOf } from '../../../compat-tables/bits/queue-counts.ts';
import { checkEntry } from '../../../compat-tables/compare/check-entry.ts';
import { defaultFor } from '../../../compat-tables/compare/default-version.ts';
import type { Abilities, Entry } from '../../../compat-tables/entries/entry.ts';
import { withdrawalText } from '../../../compat-tables/entries/withdrawal.ts';
import { CompatError, type ErrorDetails } from '../../../compat-tables/errors/compat-error.ts';
import { type PeerIdentity, samePeer } from '../../fd/peer.ts';
import type { StickyMode } from '../../orders/orders.ts';
import type { ModeDecision } from '../port/port-status.ts';

/**
 * Chooses the version that an interface gets. Pure, so that the promise "a mode is sticky for the life of the front-end
 * process" can be read and tested in one place.
 */

/** What clients want for one interface. */
export interface Intent {
  readonly interface: string;
  readonly deviceType: string;
  /** The pin of the interface; undefined: the host's default. */
  readonly pin: string | undefined;
  /**
   * The default of the host; undefined: the first version that the back-end can honour. That one is also chosen when only
   * other device types have a version of this name.
   */
  readonly hostDefault: string | undefined;
}

/** The mode that the next front-end process gets with this back-end. */
export function nextStart(intent: Intent, entries: readonly Entry[], abilities: Abilities): ModeDecision {
  const wanted = wantedBy(intent, entries);
  if (wanted !== undefined) return honour(wanted, intent, entries, abilities);
  const candidates = entries.filter((entry) => entry.deviceType === intent.deviceType);
  const able = candidates.filter((entry) => checkEntry(entry, abilities).length === 0);
  const first = able.find(({ withdrawn }) => withdrawn === undefined);
  if (first) return { mode: first };
  const [broken] = able;
  return refuse('VC-MODE-NONE', intent, withoutQueues(intent, abilities) ?? whyNone(intent, candidates.length, broken));
}

/** Of a back-end that gives no queue, no version helps: QEMU refuses it as well. */
function withoutQueues({ deviceType }: Intent, { limits }: Abilities): string | undefined {
  if (limits[QUEUE_LIMIT] !== 0 || queueCountOf(deviceType).fixed) return undefined;
  const name = limitName(deviceType, QUEUE_LIMIT);
  return `its back-end gives ${name} 0 (GET_QUEUE_NUM), and a guest needs 1 at least: start the back-end with more`;
}

/** With the way to a version: of what its back-end was measured to offer one can always be made. */
function whyNone({ interface: name, deviceType }: Intent, versions: number, broken?: Entry): string {
  const seen =
    versions === 0
      ? `no compat table of this host has a version of device type ${deviceType}`
      : `its back-end can honour none of the ${versions} versions of device type ${deviceType}`;
  const left =
    broken?.withdrawn === undefined
      ? ''
      : ` but withdrawn ones, which have to be pinned: ${broken.version} ${withdrawalText(broken.withdrawn)}`;
  return `${seen}${left}; \`vhost-compat capture site.NAME ${name} --define\` makes one of what the back-end offers`;
}

/** The name of the version that the next front-end process gets, or that it would get were the back-end able. */
export function nextStartName(
  intent: Intent,
  entries: readonly Entry[],
  abilities: Abilities | undefined,
): string | undefined {
  const wanted = wantedBy(intent, entries);
  if (wanted !== undefined || abilities === undefined) return wanted;
  const decision = nextStart(intent, entries, abilities);
  return 'mode' in decision ? decision.mode.version : undefined;
}

function wantedBy({ pin, hostDefault, deviceType }: Intent, entries: readonly Entry[]): string | undefined {
  return pin ?? defaultFor(deviceType, hostDefault, entries);
}

/** The mode of a front-end that connects: what it had before when it is the same process, else what is next. */
export function modeFor(
  intent: Intent,
  entries: readonly Entry[],
  abilities: Abilities,
  peer: PeerIdentity,
  sticky: StickyMode | undefined,
): ModeDecision {
  if (sticky === undefined || !samePeer(sticky.peer, peer)) return nextStart(intent, entries, abilities);
  return sameAgain(sticky, intent, entries, abilities);
}

/** The sticky mode again, unless the back-end or the tables have changed under the running guest. */
export function sameAgain(
  sticky: StickyMode,
  intent: Intent,
  entries: readonly Entry[],
  abilities: Abilities,
): ModeDecision {
  const decision = honour(sticky.version, intent, entries, abilities);
  if (!('mode' in decision) || decision.mode.digest === sticky.digest) return decision;
  const { version, digest } = sticky;
  const seen = `its guest runs with ${version} of digest ${digest.slice(0, 12)}`;
  const now = `the table now has ${decision.mode.digest.slice(0, 12)}`;
  return refuse('VC-TABLE-CHANGED', intent, `${seen}, ${now}`, { version });
}

function honour(version: string, intent: Intent, entries: readonly Entry[], abilities: Abilities): ModeDecision {
  const named = entries.filter((one) => one.version === version);
  const entry = named.find((one) => one.deviceType === intent.deviceType);
  if (named.length === 0)
    return refuse('VC-VERSION-UNKNOWN', intent, `version ${version} is in no compat table of this host`, { version });
  if (!entry) {
    const types = named.map((one) => one.deviceType).join(', ');
    const seen = `version ${version} is of device type ${types}, the interface of ${intent.deviceType}`;
    return refuse('VC-VERSION-DEVICE-TYPE', intent, seen, { version });
  }
  const blockers = checkEntry(entry, abilities);
  const [first] = blockers;
  if (!first) return { mode: entry };
  const missing = blockers.flatMap((blocker) => blocker.missing);
  const reasons = blockers.map((blocker) => blocker.text).join('; ');
  const text = `Cannot serve ${intent.interface} with ${version}: ${reasons}`;
  const details = { interface: intent.interface, version, missing };
  return { refused: new CompatError(first.code as CompatError['code'], text, details) };
}

function refuse(code: CompatError['code'], intent: Intent, seen: string, details: ErrorDetails = {}): ModeDecision {
  const { interface: name } = intent;
  return { refused: new CompatError(code, `Cannot serve ${name}: ${seen}`, { interface: name, ...details }) };
}

/** The refusal of a port at a time when it is not known which versions there are. */
export function notOrderedYet(name: string): CompatError {
  const text = `Cannot choose a mode for ${name}: the agent is starting`;
  return new CompatError('VC-AGENT-STARTING', text, { interface: name });
}
