import { PROGRAM_VERSION } from '../../base/installation.ts';
import { plural } from '../../base/text.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { EventLog } from './event-log.ts';
import type { RelayHello } from './relay-link.ts';

/** Different refusals that are told of in one life. */
const MOST_REFUSALS = 100;

/** What the agent tells of itself in the history: its start and end, its relay process, and what is wrong with it. */
export class AgentEvents {
  readonly #events: Pick<EventLog, 'record'>;
  /** What the database can never take, and was told of once. */
  readonly #refusals = new Set<string>();
  #relayPid: number | undefined;

  constructor(events: Pick<EventLog, 'record'>) {
    this.#events = events;
  }

  problem(kind: string, { code, message: text }: CompatError): void {
    this.#events.record({ kind, code, text });
  }

  started(interfaces: number, versions: number): void {
    const text = `Agent ${PROGRAM_VERSION} serves ${plural(interfaces, 'interface')}`;
    const details = { version: PROGRAM_VERSION, interfaces, versions };
    this.#events.record({ kind: 'agent-started', text, details });
  }

  /** An agent that starts without its predecessor having stopped shows that that one was killed or crashed. */
  stopping(why: string): void {
    this.#events.record({ kind: 'agent-stopping', text: `Agent ${PROGRAM_VERSION} ends: ${why}` });
  }

  /** The connections would end with the relay process. */
  keeperDied(): void {
    const text = 'The keeper of this agent died: the connections are not kept, and nobody would start the agent again';
    this.problem('not-kept', new CompatError('VC-KEEPER-GONE', text));
  }

  /** Once for each relay process. */
  relayConnected({ pid, program, resumed, problems }: RelayHello): void {
    if (pid === this.#relayPid) return;
    this.#relayPid = pid;
    for (const { code, text } of problems) this.#events.record({ kind: 'fault', code, text });
    const took = `it took over ${plural(resumed, 'connection')} of the one before`;
    const text = `Relay process ${pid} of release ${program} serves the ports; ${took}`;
    this.#events.record({ kind: 'relay-connected', text, details: { pid, program, resumed } });
  }

  /** The database takes no writes, and why; undefined: it takes them again. */
  trouble(trouble: CompatError | undefined): void {
    if (trouble) {
      this.problem('database-unwritable', trouble);
      return;
    }
    const text = 'The database takes writes again; what happened meanwhile stands in the log of the agent only';
    this.#events.record({ kind: 'database-writable', text });
  }

  /** The database can never take something that the agent writes. */
  refusal({ message }: Error): void {
    if (this.#refusals.has(message) || this.#refusals.size >= MOST_REFUSALS) return;
    this.#refusals.add(message);
    const text = `The database can never take something that the agent writes, and goes without it: ${message}`;
    this.problem('row-refused', new CompatError('VC-DB-TRANSACTION', text));
  }
}
