import { MAX_TIMER_MS } from '../../base/timers.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { moveJson } from '../fleet/answer-move.ts';
import type { HostDocument, InterfaceDocument, VersionDocument } from '../fleet/host-document.ts';
import { anyDocumentShape } from '../fleet/host-shapes.ts';
import { array, boolean, type Check, integer, integerFrom, object, oneOf, string } from '../json/shape.ts';
import type { MessageJson } from './message-json.ts';

export interface MethodSpec {
  readonly mode: 'read' | 'write';
  /** One sentence for help, completion and docs/api.md. */
  readonly summary: string;
  readonly params: Check<unknown>;
  /** The parameters for people, by name; `?` marks those that may be absent. */
  readonly takes: Readonly<Record<string, string>>;
  /** The result, for people. */
  readonly gives: string;
  /** Carries the type only; never called. */
  readonly result: (result: never) => unknown;
}

const gives =
  <T>() =>
  (value: T): T =>
    value;

/** The result of a method that writes. */
export interface WriteResult {
  /** False: nothing had to change. */
  readonly changed: boolean;
  /** Whether the agent has followed: false when `wait` was false. */
  readonly applied: boolean;
  /** Sentences for the user. */
  readonly notes: readonly string[];
}

export interface SelectionJson {
  /** Absent: no version is common. */
  readonly version?: string;
  readonly digest?: string;
  readonly policy: 'source' | 'consensus';
  readonly hosts: readonly string[];
  readonly rows: readonly {
    readonly version: string;
    readonly common: boolean;
    readonly lacking: readonly {
      readonly host: string;
      readonly code: string;
      readonly reason: string;
      readonly missing: readonly string[];
    }[];
  }[];
  /** The same in lines for people. */
  readonly explanation: readonly string[];
}

/** The same as `check-move --format json` prints. */
export type MoveJson = { readonly format: 1; readonly kind: 'move' } & ReturnType<typeof moveJson>;

export interface BitJson {
  readonly bit: number;
  readonly name: string;
  readonly meaning: string;
  /** False: no specification known here gives this bit a name. */
  readonly known: boolean;
}

export interface EventJson {
  readonly host: string;
  readonly interface?: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: string;
  readonly code?: string;
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
}

export interface StatisticsJson {
  readonly interface: string;
  readonly state: string;
  readonly statistics: Readonly<Record<string, number>>;
}

const HOST = { host: "system id or host name; default: the agent's own host" };
const WAIT = {
  wait: 'wait until the agent has followed (default true)',
  timeout_ms: `how long to wait, milliseconds, at most ${MAX_TIMER_MS} (default 10000; 0: without limit)`,
};
const waiting = { wait: boolean, timeout_ms: integerFrom(0, MAX_TIMER_MS), host: string };

/** Every method of the management API. Server, client, help, completion and docs come from this table. */
export const METHODS = {
  'host.describe': {
    mode: 'read',
    summary: 'Describes a host: its back-end, its versions with their blockers, its interfaces',
    params: object({}, { host: string }),
    takes: { 'host?': HOST.host },
    gives: 'a host document (the same as `vhost-compat describe`)',
    result: gives<HostDocument>(),
  },
  'versions.list': {
    mode: 'read',
    summary: 'Lists the versions of a host in the order of preference',
    params: object({}, { host: string, device_type: string, all: boolean }),
    takes: {
      'host?': HOST.host,
      'device_type?': `default ${DEFAULT_DEVICE_TYPE}`,
      'all?': 'also those that are not usable, with their blockers (default false)',
    },
    gives: 'an array of versions, as in the host document',
    result: gives<readonly VersionDocument[]>(),
  },
  'versions.select': {
    mode: 'read',
    summary:
      'Selects the first version common to several hosts, and says for every other version which hosts lack it and why',
    params: object(
      {},
      {
        targets: array(string, 1000),
        documents: array(anyDocumentShape, 1000),
        device_type: string,
        policy: oneOf('source', 'consensus'),
      },
    ),
    takes: {
      'targets?': 'unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT or host:NAME; the first is the source',
      'documents?':
        'documents of hosts or devices, in order after the targets; at least one target or document is needed',
      'device_type?': `default: the only one that the hosts have, else ${DEFAULT_DEVICE_TYPE}`,
      'policy?': 'source (default) or consensus',
    },
    gives: 'version and digest (absent when no version is common), rows with the reasons, explanation as lines',
    result: gives<SelectionJson>(),
  },
  'interfaces.list': {
    mode: 'read',
    summary: 'Lists the interfaces of a host with pin, version in force and state',
    params: object({}, { host: string }),
    takes: { 'host?': HOST.host },
    gives: 'an array of interfaces, as in the host document',
    result: gives<readonly InterfaceDocument[]>(),
  },
  'interfaces.show': {
    mode: 'read',
    summary: 'Shows an interface',
    params: object({ name: string }, { host: string }),
    takes: { name: 'the interface', 'host?': HOST.host },
    gives: 'the interface, as in the host document',
    result: gives<InterfaceDocument>(),
  },
  'interfaces.add': {
    mode: 'write',
    summary: 'Adds an interface',
    params: object(
      { name: string, frontend: string, backend: string },
      { version: string, device_type: string, may_exist: boolean, ...waiting },
    ),
    takes: {
      name: '1 to 63 letters, digits, or _ . : -',
      frontend: 'listen:PATH or connect:PATH, towards QEMU',
      backend: 'listen:PATH or connect:PATH, towards the switch',
      'version?': 'the version to pin on it',
      'device_type?': `default ${DEFAULT_DEVICE_TYPE}`,
      'may_exist?': 'no error when it exists with the same endpoints',
      'wait?': WAIT.wait,
      'timeout_ms?': WAIT.timeout_ms,
      'host?': HOST.host,
    },
    gives: 'changed, applied, notes',
    result: gives<WriteResult>(),
  },
  'interfaces.remove': {
    mode: 'write',
    summary: 'Removes an interface; a connected front-end loses its connection',
    params: object({ name: string }, { if_exists: boolean, ...waiting }),
    takes: {
      name: 'the interface',
      'if_exists?': 'no error when it does not exist',
      'wait?': WAIT.wait,
      'timeout_ms?': WAIT.timeout_ms,
      'host?': HOST.host,
    },
    gives: 'changed, applied, notes',
    result: gives<WriteResult>(),
  },
  'interfaces.pin': {
    mode: 'write',
    summary: 'Pins a version on an interface; in force from the next start of its front-end',
    params: object({ name: string, version: string }, waiting),
    takes: {
      name: 'the interface',
      version: 'a version that is usable on the host',
      'wait?': WAIT.wait,
      'timeout_ms?': WAIT.timeout_ms,
      'host?': HOST.host,
    },
    gives: 'changed, applied, notes',
    result: gives<WriteResult>(),
  },
  'interfaces.unpin': {
    mode: 'write',
    summary: 'Removes the pin of an interface; the default of the host holds from the next start of its front-end',
    params: object({ name: string }, waiting),
    takes: {
      name: 'the interface',
      'wait?': WAIT.wait,
      'timeout_ms?': WAIT.timeout_ms,
      'host?': HOST.host,
    },
    gives: 'changed, applied, notes',
    result: gives<WriteResult>(),
  },
  'interfaces.checkMove': {
    mode: 'read',
    summary: 'Says whether an interface, as it runs now, can move to other hosts, and which version to pin there',
    params: object(
      { name: string },
      {
        targets: array(string, 1000),
        documents: array(anyDocumentShape, 1000),
        from: anyDocumentShape,
        version: string,
        host: string,
      },
    ),
    takes: {
      name: 'the interface; with the document of a device as `from`, the version in which it runs, or self',
      'targets?': 'the hosts to move to: unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT or host:NAME',
      'documents?':
        'the same as documents of hosts or devices, in order after the targets; at least one target or document is needed',
      'from?': 'the document of the host of the interface, or of a device, instead of a host of the database',
      'version?': 'judge by this version on the targets only',
      'host?': HOST.host,
    },
    gives:
      'the same document as `vhost-compat check-move --format json`; possible is true when it can move to every target',
    result: gives<MoveJson>(),
  },
  'interfaces.statistics': {
    mode: 'read',
    summary:
      'Gives the counters of the ports of this agent as they are now; the database has them as of the last other change',
    params: object({}, { name: string }),
    takes: { 'name?': 'only this interface' },
    gives: 'an array of interface, state, statistics (counters by name)',
    result: gives<readonly StatisticsJson[]>(),
  },
  'interfaces.trace': {
    mode: 'read',
    summary: 'Sends the decoded vhost-user messages of an interface from now on, as `interfaces.message` notifications',
    params: object({ name: string }),
    takes: { name: 'an interface of this agent' },
    gives: 'trace: the number that stands in each notification, and that interfaces.untrace takes',
    result: gives<{ readonly trace: number }>(),
  },
  'interfaces.untrace': {
    mode: 'read',
    summary: 'Ends a trace; closing the connection ends all of its traces',
    params: object({ trace: integer }),
    takes: { trace: 'the number that interfaces.trace gave' },
    gives: 'ended: whether the trace existed',
    result: gives<{ readonly ended: boolean }>(),
  },
  'features.decode': {
    mode: 'read',
    summary: 'Decodes a mask into the names and meanings of its bits',
    params: object({ mask: string }, { family: oneOf('virtio', 'protocol'), device_type: string }),
    takes: {
      mask: '"0x…", or names of features',
      'family?': 'virtio (default) or protocol',
      'device_type?': `default ${DEFAULT_DEVICE_TYPE}`,
    },
    gives: 'mask and bits: bit, name, meaning, known',
    result: gives<{ readonly mask: string; readonly bits: readonly BitJson[] }>(),
  },
  'events.subscribe': {
    mode: 'read',
    summary: 'Sends events from now on, as `events.event` notifications on this connection',
    params: object({}, { interface: string, kinds: array(string, 100) }),
    takes: { 'interface?': 'only events of this interface', 'kinds?': 'only events of these kinds' },
    gives: 'subscription: the number that stands in each notification, and that events.unsubscribe takes',
    result: gives<{ readonly subscription: number }>(),
  },
  'events.unsubscribe': {
    mode: 'read',
    summary: 'Ends a subscription; closing the connection ends all of its subscriptions',
    params: object({ subscription: integer }),
    takes: { subscription: 'the number that events.subscribe gave' },
    gives: 'ended: whether the subscription existed',
    result: gives<{ readonly ended: boolean }>(),
  },
} as const satisfies Record<string, MethodSpec>;

export type MethodName = keyof typeof METHODS;
export type Params<M extends MethodName> = ReturnType<(typeof METHODS)[M]['params']>;
export type Result<M extends MethodName> = ReturnType<(typeof METHODS)[M]['result']>;
/** One function for each method; without one of them it does not compile. */
export type Handlers<Context> = {
  readonly [M in MethodName]: (params: Params<M>, context: Context) => Promise<Result<M>> | Result<M>;
};

/** The notifications of the server. */
export const NOTIFICATIONS = {
  'events.event': {
    summary: 'An event of a subscription',
    gives: 'subscription, event: host, interface, time (ms), kind, code, text, details',
    params: gives<{ readonly subscription: number; readonly event: EventJson }>(),
  },
  'interfaces.message': {
    summary:
      'A message of a traced interface, and how many were dropped before it because the client did not read fast enough',
    gives:
      'trace, dropped, message (absent when the notification only counts dropped ones): interface, time (ms), from (front-end or back-end), request, name, flags, reply, need_reply, descriptors, verdict (forwarded, changed, answered, refused), payload, changed_to (what was sent instead), text. A payload has bytes (its size) and, depending on the request, mask, features, value, succeeded, ring, ring_size, base, enabled, polled, address_flags, regions, region_bytes, log_bytes; changed_to also has removed, added',
    params: gives<{ readonly trace: number; readonly dropped: number; readonly message?: MessageJson }>(),
  },
  'interfaces.traceEnded': {
    summary: 'A trace has ended because its interface was removed',
    gives: 'trace, interface',
    params: gives<{ readonly trace: number; readonly interface: string }>(),
  },
} as const;

export type NotificationName = keyof typeof NOTIFICATIONS;
export type NotificationParams<N extends NotificationName> = ReturnType<(typeof NOTIFICATIONS)[N]['params']>;

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

/** `error.data` of an answer. */
export interface ErrorData {
  /** A code of the catalogue. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}
