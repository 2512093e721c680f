import { MAX_TIMER_MS } from '../../base/timers.ts';
import { DEFAULT_DEVICE_TYPE } from '../../compat-tables/bits/device-types.ts';
import type { moveJson } from '../fleet/answer-move.ts';
import type { togetherJson } from '../fleet/answer-together.ts';
import type { HostDocument, InterfaceDocument, VersionDocument } from '../fleet/host-document.ts';
import { anyDocumentShape } from '../fleet/host-shapes.ts';
import { array, boolean, type Check, integer, integerFrom, object, oneOf, string, stringUpTo } from '../json/shape.ts';
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

function gives<T>(about: string) {
  return { gives: about, result: (value: T): T => value };
}

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

/** The same as `check-move --vm ID --format json` prints. */
export type TogetherJson = { readonly format: 1; readonly kind: 'move-together' } & ReturnType<typeof togetherJson>;

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

/** A parameter: its check, and what it is for people. */
interface Parameter<T> {
  readonly check: Check<T>;
  readonly about: string;
}
type Parameters<T> = { readonly [K in keyof T]: Parameter<T[K]> };
type None = Record<never, never>;

function takes<T>(check: Check<T>, about: string): Parameter<T> {
  return { check, about };
}

function method<const M extends 'read' | 'write'>(mode: M) {
  return <T, R extends Record<string, unknown> = None, O extends Record<string, unknown> = None>({
    required = {} as Parameters<R>,
    optional = {} as Parameters<O>,
    ...spec
  }: ReturnType<typeof gives<T>> & {
    readonly summary: string;
    readonly required?: Parameters<R>;
    readonly optional?: Parameters<O>;
  }) => {
    const rows = Object.entries<Parameter<unknown>>({ ...required, ...optional });
    const texts = rows.map(([name, { about }]) => [name in required ? name : `${name}?`, about] as const);
    const params = object(checksOf(required), checksOf(optional));
    return { ...spec, mode, params, takes: Object.fromEntries(texts) };
  };
}

function checksOf<T>(parameters: Parameters<T>) {
  const rows = Object.entries<Parameter<unknown>>(parameters);
  return Object.fromEntries(rows.map(([name, { check }]) => [name, check])) as { [K in keyof T]: Check<T[K]> };
}

const [read, write] = [method('read'), method('write')];

/** The most characters of a name that a connection keeps. */
const MAX_NAME = 63;

const NAME = takes(string, 'the interface');
const HOST = takes(string, "system id or host name; default: the agent's own host");
const TYPE = takes(string, `default ${DEFAULT_DEVICE_TYPE}`);
const WAIT = {
  wait: takes(boolean, 'wait until the agent has followed (default true)'),
  timeout_ms: takes(
    integerFrom(0, MAX_TIMER_MS),
    `how long to wait, milliseconds, at most ${MAX_TIMER_MS} (default 10000; 0: without limit)`,
  ),
  host: HOST,
};
/** The questions of a move. */
const MOVE = {
  targets: takes(array(string, 1000), 'the hosts to move to: unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT or host:NAME'),
  documents: takes(
    array(anyDocumentShape, 1000),
    'the same as documents of hosts or devices, in order after the targets; at least one target or document is needed',
  ),
  from: takes(
    anyDocumentShape,
    'the document of the host of the interface, or of a device, instead of a host of the database',
  ),
  version: takes(string, 'judge by this version on the targets only'),
  postcopy: takes(boolean, 'whether it can move by post-copy (default false)'),
  host: HOST,
};
const WRITTEN = gives<WriteResult>('changed, applied, notes');

/** Every method of the management API. Server, client, help, completion and docs come from this table. */
export const METHODS = {
  'host.describe': read({
    summary: 'Describes a host: its back-end, its versions with their blockers, its interfaces',
    optional: { host: HOST },
    ...gives<HostDocument>('a host document (the same as `vhost-compat describe`)'),
  }),
  'versions.list': read({
    summary: 'Lists the versions of a host in the order of preference',
    optional: {
      host: HOST,
      device_type: TYPE,
      all: takes(boolean, 'also those that are not usable, with their blockers (default false)'),
    },
    ...gives<readonly VersionDocument[]>('an array of versions, as in the host document'),
  }),
  'versions.select': read({
    summary:
      'Selects the first version common to several hosts, and says for every other version which hosts lack it and why',
    optional: {
      targets: takes(
        array(string, 1000),
        'unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT or host:NAME; the first is the source',
      ),
      documents: takes(
        array(anyDocumentShape, 1000),
        'documents of hosts or devices, in order after the targets; at least one target or document is needed',
      ),
      device_type: takes(string, `default: the only one that the hosts have, else ${DEFAULT_DEVICE_TYPE}`),
      policy: takes(oneOf('source', 'consensus'), 'source (default) or consensus'),
    },
    ...gives<SelectionJson>(
      'version and digest (absent when no version is common), rows with the reasons, explanation as lines',
    ),
  }),
  'interfaces.list': read({
    summary: 'Lists the interfaces of a host with pin, version in force and state',
    optional: { host: HOST },
    ...gives<readonly InterfaceDocument[]>('an array of interfaces, as in the host document'),
  }),
  'interfaces.show': read({
    summary: 'Shows an interface',
    required: { name: NAME },
    optional: { host: HOST },
    ...gives<InterfaceDocument>('the interface, as in the host document'),
  }),
  'interfaces.add': write({
    summary: 'Adds an interface',
    required: {
      name: takes(string, '1 to 63 letters, digits, or _ . : -'),
      frontend: takes(string, 'listen:PATH or connect:PATH, towards QEMU'),
      backend: takes(string, 'listen:PATH or connect:PATH, towards the switch'),
    },
    optional: {
      version: takes(string, 'the version to pin on it'),
      device_type: TYPE,
      may_exist: takes(boolean, 'no error when it exists with the same endpoints'),
      ...WAIT,
    },
    ...WRITTEN,
  }),
  'interfaces.remove': write({
    summary: 'Removes an interface; a connected front-end loses its connection',
    required: { name: NAME },
    optional: { if_exists: takes(boolean, 'no error when it does not exist'), ...WAIT },
    ...WRITTEN,
  }),
  'interfaces.pin': write({
    summary: 'Pins a version on an interface; in force from the next start of its front-end',
    required: { name: NAME, version: takes(string, 'a version that is usable on the host') },
    optional: WAIT,
    ...WRITTEN,
  }),
  'interfaces.unpin': write({
    summary: 'Removes the pin of an interface; the default of the host holds from the next start of its front-end',
    required: { name: NAME },
    optional: WAIT,
    ...WRITTEN,
  }),
  'interfaces.checkMove': read({
    summary: 'Says whether an interface, as it runs now, can move to other hosts, and which version to pin there',
    required: {
      name: takes(
        string,
        'the interface; with the document of a device as `from`, the version in which it runs, or self',
      ),
    },
    optional: MOVE,
    ...gives<MoveJson>(
      'the same document as `vhost-compat check-move --format json`; possible is true when it can move to every target',
    ),
  }),
  'interfaces.checkMoveTogether': read({
    summary: 'Says whether all interfaces of a guest can move to other hosts, as one: only where all of them can',
    optional: {
      vm: takes(string, 'the id of its VM, as external_ids:vm-uuid or vm-id of its interfaces have it'),
      all_of: takes(string, 'or its front-end process: the number, or one of its interfaces'),
      ...MOVE,
    },
    ...gives<TogetherJson>(
      'the same document as `vhost-compat check-move --vm ID --format json`; possible is true when it can move to every target',
    ),
  }),
  'interfaces.statistics': read({
    summary:
      'Gives the counters of the ports of this agent as they are now; the database has them as of the last other change',
    optional: { name: takes(string, 'only this interface') },
    ...gives<readonly StatisticsJson[]>('an array of interface, state, statistics (counters by name)'),
  }),
  'interfaces.trace': read({
    summary: 'Sends the decoded vhost-user messages of an interface from now on, as `interfaces.message` notifications',
    required: { name: takes(string, 'an interface of this agent') },
    ...gives<{ readonly trace: number }>(
      'trace: the number that stands in each notification, and that interfaces.untrace takes',
    ),
  }),
  'interfaces.untrace': read({
    summary: 'Ends a trace; closing the connection ends all of its traces',
    required: { trace: takes(integer, 'the number that interfaces.trace gave') },
    ...gives<{ readonly ended: boolean }>('ended: whether the trace existed'),
  }),
  'features.decode': read({
    summary: 'Decodes a mask into the names and meanings of its bits',
    required: { mask: takes(string, '"0x…", or names of features') },
    optional: { family: takes(oneOf('virtio', 'protocol'), 'virtio (default) or protocol'), device_type: TYPE },
    ...gives<{ readonly mask: string; readonly bits: readonly BitJson[] }>('mask and bits: bit, name, meaning, known'),
  }),
  'events.subscribe': read({
    summary: 'Sends events from now on, as `events.event` notifications on this connection',
    optional: {
      interface: takes(stringUpTo(MAX_NAME), 'only events of this interface'),
      kinds: takes(array(stringUpTo(MAX_NAME), 32), 'only events of these kinds, at most 32'),
    },
    ...gives<{ readonly subscription: number }>(
      'subscription: the number that stands in each notification, and that events.unsubscribe takes',
    ),
  }),
  'events.unsubscribe': read({
    summary: 'Ends a subscription; closing the connection ends all of its subscriptions',
    required: { subscription: takes(integer, 'the number that events.subscribe gave') },
    ...gives<{ readonly ended: boolean }>('ended: whether the subscription existed'),
  }),
} as const satisfies Record<string, MethodSpec>;

export type MethodName = keyof typeof METHODS;
export type Params<M extends MethodName> = ReturnType<(typeof METHODS)[M]['params']>;
export type MethodResult<M extends MethodName> = ReturnType<(typeof METHODS)[M]['result']>;
/** One function for each method; without one of them it does not compile. */
export type Handlers<Context> = {
  readonly [M in MethodName]: (params: Params<M>, context: Context) => Promise<MethodResult<M>> | MethodResult<M>;
};

/** The notifications of the server. */
export const NOTIFICATIONS = {
  'events.event': {
    summary: 'An event of a subscription',
    ...gives<{ readonly subscription: number; readonly event: EventJson }>(
      'subscription, event: host, interface, time (ms), kind, code, text, details',
    ),
  },
  'interfaces.message': {
    summary:
      'A message of a traced interface, and how many were dropped before it because the client did not read fast enough',
    ...gives<{ readonly trace: number; readonly dropped: number; readonly message?: MessageJson }>(
      'trace, dropped, message (absent when the notification only counts dropped ones): interface, time (ms), from (front-end or back-end), request, name, flags, reply, need_reply, descriptors, verdict (forwarded, changed, answered, refused), payload, changed_to (what was sent instead), text. A payload has bytes (its size) and, depending on the request, mask, features, value, succeeded, ring, ring_size, base, enabled, polled, address_flags, regions, region_bytes, log_bytes; changed_to also has removed, added',
    ),
  },
  'interfaces.traceEnded': {
    summary: 'A trace has ended because its interface was removed',
    ...gives<{ readonly trace: number; readonly interface: string }>('trace, interface'),
  },
} as const;

export type NotificationName = keyof typeof NOTIFICATIONS;
export type NotificationParams<N extends NotificationName> = ReturnType<(typeof NOTIFICATIONS)[N]['result']>;

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

/** `error.data` of an answer. */
export interface ErrorData {
  /** A code of the catalogue. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}
