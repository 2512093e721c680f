import { array, type Check, integer, oneOf, openObject, record, string } from '../../rpc/json/shape.ts';
import { abilities, bytes, count, hexBits, id, name, numbersByIndex, peer, text } from './checks.ts';
import { type MessageOf, stickyMode } from './orders.ts';

/** The facts that the relay process reports to the manager process, a row each; the rules of orders.ts hold here, too. */

const anything: Check<unknown> = (value) => value;

const problem = openObject({ code: name, text: text(4096) });
export type Problem = ReturnType<typeof problem>;

/** An interface at work, as the relay process sees it. The members from `mode` to `peer` describe the connected front-end. */
const interfaceFacts = openObject(
  { state: name, since: count, ringSizes: numbersByIndex, statistics: record(integer) },
  {
    /** In `waiting-backend`: the endpoint and its last attempt. */
    waitingFor: text(8192),
    /** What the connected back-end can do; absent until it was measured. */
    abilities,
    /** The version that the front-end has. */
    mode: name,
    offered: hexBits,
    acked: hexBits,
    ackedProtocol: hexBits,
    queuePairs: integer,
    memoryRegions: integer,
    peer,
    error: problem,
    /** The mode of the interface's guest, connected or not. */
    sticky: stickyMode,
  },
);
export type InterfaceFacts = ReturnType<typeof interfaceFacts>;

const portEvent = openObject({ kind: name, text: text(8192), details: record(anything) }, { code: name });

const tracedMessage = openObject(
  {
    ...{ time: count, from: oneOf('front-end', 'back-end'), request: count, flags: count, payload: bytes },
    ...{ descriptors: count, verdict: oneOf('forwarded', 'changed', 'answered', 'refused') },
  },
  { changedTo: bytes },
);

export const FACTS = {
  /** The first one on each connection. `resumed`: how many connections of an earlier process went on with this one. */
  hello: openObject({ protocol: count, program: string, pid: count, resumed: count, problems: array(problem, 10_000) }),
  /** The manager cannot be served: another one is connected, or its release is too old or too new. */
  refused: openObject({ why: text(1024) }),
  status: openObject({ id, status: interfaceFacts }),
  event: openObject({ interface: name, event: portEvent }),
  traced: openObject({ id, message: tracedMessage }),
  /** Everything ordered before this number was carried out, and everything that followed from it was reported. */
  applied: openObject({ number: count }),
} as const satisfies Readonly<Record<string, Check<object>>>;

export type Fact = MessageOf<typeof FACTS>;
