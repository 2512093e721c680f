import {
  type HostDocument,
  hostDocumentShape,
  type InterfaceDocument,
  type VersionDocument,
} from '../state/documents.ts';
import { array, boolean, type Check, integer, object, oneOf, string } from './check.ts';

export interface MethodSpec {
  readonly mode: 'read' | 'write';
  /** One sentence: help, completion and docs/api.md show it. */
  readonly summary: string;
  readonly params: Check<unknown>;
  /** The same parameters for people, by name; `?` marks those that may be absent. */
  readonly takes: Readonly<Record<string, string>>;
  /** What comes back, for people. */
  readonly gives: string;
  /** Carries the type only; never called. */
  readonly result: (result: never) => unknown;
}

const gives =
  <T>() =>
  (value: T): T =>
    value;

/** The answer to a call that writes. */
export interface WriteResult {
  /** False: all was as wanted already. */
  readonly changed: boolean;
  /** Whether the agent has followed: false when `wait` was false. */
  readonly applied: boolean;
  /** Sentences for people. */
  readonly notes: readonly string[];
}

export interface SelectionDocument {
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

export interface BitDocument {
  readonly bit: number;
  readonly name: string;
  readonly meaning: string;
  /** False: no specification that we know gives this bit a name. */
  readonly known: boolean;
}

export interface EventDocument {
  readonly host: string;
  readonly interface?: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly kind: string;
  readonly code?: string;
  readonly text: string;
  readonly details: Readonly<Record<string, string>>;
}

const HOST = { host: 'system id or host name; default: the only host of the database' };
const WAIT = {
  wait: 'wait until the agent has followed (default true)',
  timeout_ms: 'how long to wait (default 10000)',
};
const waiting = { wait: boolean, timeout_ms: integer, host: string };

/** Every call of the management API. Server, client, help, completion and docs are read off this table. */
export const METHODS = {
  'host.describe': {
    mode: 'read',
    summary: 'One host as a document: its back-end, its versions with their blockers, its interfaces',
    params: object({}, { host: string }),
    takes: { 'host?': HOST.host },
    gives: 'a host document (the same as `vhost-compat describe`)',
    result: gives<HostDocument>(),
  },
  'versions.list': {
    mode: 'read',
    summary: 'The versions of a host in the order of preference',
    params: object({}, { host: string, device_type: string, all: boolean }),
    takes: {
      'host?': HOST.host,
      'device_type?': 'default vhost-user-net',
      'all?': 'also those that are not usable, with their blockers (default false)',
    },
    gives: 'an array of versions, as in the host document',
    result: gives<readonly VersionDocument[]>(),
  },
  'versions.select': {
    mode: 'read',
    summary: 'The first version common to several hosts, and for every other version who lacks it and why',
    params: object(
      {},
      {
        targets: array(string, 1000),
        documents: array(hostDocumentShape, 1000),
        device_type: string,
        policy: oneOf('source', 'consensus'),
      },
    ),
    takes: {
      'targets?': 'unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT or host:NAME; the first is the source',
      'documents?': 'host documents; they come after the targets',
      'device_type?': 'default vhost-user-net',
      'policy?': 'source (default) or consensus',
    },
    gives: 'version and digest (absent when there is none), rows with the reasons, explanation in lines',
    result: gives<SelectionDocument>(),
  },
  'interfaces.list': {
    mode: 'read',
    summary: 'The interfaces of a host with pin, version in force and state',
    params: object({}, { host: string }),
    takes: { 'host?': HOST.host },
    gives: 'an array of interfaces, as in the host document',
    result: gives<readonly InterfaceDocument[]>(),
  },
  'interfaces.show': {
    mode: 'read',
    summary: 'One interface',
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
      'version?': 'a pin from the start',
      'device_type?': 'default vhost-user-net',
      'may_exist?': 'no error when it is there already with the same endpoints',
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
      'if_exists?': 'no error when it is not there',
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
      version: 'a version that is usable there',
      'wait?': WAIT.wait,
      'timeout_ms?': WAIT.timeout_ms,
      'host?': HOST.host,
    },
    gives: 'changed, applied, notes',
    result: gives<WriteResult>(),
  },
  'interfaces.unpin': {
    mode: 'write',
    summary: 'Takes the pin of an interface away: the default of the host rules from the next start',
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
  'features.decode': {
    mode: 'read',
    summary: 'The names and meanings of the bits of a mask',
    params: object({ mask: string }, { family: oneOf('virtio', 'protocol'), device_type: string }),
    takes: {
      mask: '"0x…", or names of features',
      'family?': 'virtio (default) or protocol',
      'device_type?': 'default vhost-user-net',
    },
    gives: 'mask and bits: bit, name, meaning, known',
    result: gives<{ readonly mask: string; readonly bits: readonly BitDocument[] }>(),
  },
  'events.subscribe': {
    mode: 'read',
    summary: 'From now on, `events.event` notifications on this connection',
    params: object({}, { interface: string, kinds: array(string, 100) }),
    takes: { 'interface?': 'of this interface only', 'kinds?': 'of these kinds only' },
    gives: 'subscription, a number for events.unsubscribe and in each notification',
    result: gives<{ readonly subscription: number }>(),
  },
  'events.unsubscribe': {
    mode: 'read',
    summary: 'Ends a subscription; closing the connection ends all',
    params: object({ subscription: integer }),
    takes: { subscription: 'the number that events.subscribe gave' },
    gives: 'ended: whether there was such a subscription',
    result: gives<{ readonly ended: boolean }>(),
  },
} as const satisfies Record<string, MethodSpec>;

export type MethodName = keyof typeof METHODS;
export type Params<M extends MethodName> = ReturnType<(typeof METHODS)[M]['params']>;
export type Result<M extends MethodName> = ReturnType<(typeof METHODS)[M]['result']>;
/** One function per method: a forgotten one does not compile. */
export type Handlers<Context> = {
  readonly [M in MethodName]: (params: Params<M>, context: Context) => Promise<Result<M>> | Result<M>;
};

/** What the server sends on its own. */
export const NOTIFICATIONS = {
  'events.event': {
    summary: 'One event of a subscription',
    gives: 'subscription, event: host, interface, time (ms), kind, code, text, details',
    params: gives<{ readonly subscription: number; readonly event: EventDocument }>(),
  },
} as const;

export type NotificationName = keyof typeof NOTIFICATIONS;
export type NotificationParams<N extends NotificationName> = ReturnType<(typeof NOTIFICATIONS)[N]['params']>;

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}

/** What `error.data` of an answer holds. */
export interface ErrorData {
  /** A code of the catalogue. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}
