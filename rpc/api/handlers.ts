import { ConcurrencyLimit } from '../../base/concurrency-limit.ts';
import { mapInTurns, nextTurn } from '../../base/turns.ts';
import { DEFAULT_DEVICE_TYPE, familyOf } from '../../compat-tables/bits/device-types.ts';
import { decodeMask, formatMask, parseMask } from '../../compat-tables/bits/mask.ts';
import { PROTOCOL } from '../../compat-tables/bits/vhost-user-protocol.ts';
import { Effort } from '../../compat-tables/compare/effort.ts';
import { explainSelection } from '../../compat-tables/compare/select.ts';
import { answerMove, moveJson } from '../fleet/answer-move.ts';
import { answerTogether, togetherJson } from '../fleet/answer-together.ts';
import { describeHostInTurns, interfaceDocument, versionDocument } from '../fleet/describe-host.ts';
import type { GuestQuestion } from '../fleet/guest-interfaces.ts';
import { asHost } from '../fleet/host-document.ts';
import { resolveTargets } from '../fleet/resolve-targets.ts';
import { selectVersion } from '../fleet/selection.ts';
import type { Json } from '../json/json-value.ts';
import type { TlsFiles } from '../ovsdb/wire/tls-files.ts';
import { type IntentResult, waitApplied } from '../state/carry-out.ts';
import { addInterface, pin, removeInterface, unpin } from '../state/host-intents.ts';
import type { State } from '../state/state.ts';
import type { ApiConnection } from './api-connection.ts';
import { ParamsError } from './api-params.ts';
import { EventSubscriptions } from './event-subscriptions.ts';
import type { EventJson, Handlers, StatisticsJson, WriteResult } from './methods.ts';
import { type TraceSource, Traces } from './traces.ts';

export interface HandlerSources {
  /** The agent's own database, with its own host as the default one. */
  readonly state: State;
  /** Calls the listener with each event until the returned function is called. */
  readonly subscribe: (listener: (event: EventJson) => void) => () => void;
  /** Where the messages of an interface come from; absent: nothing can be traced. */
  readonly trace?: TraceSource;
  /** Told of the operations that a client has sent to the database. */
  readonly intends?: (client: string | undefined, operations: readonly Json[]) => void;
  /** The counters of the ports. */
  readonly statistics?: () => Promise<readonly StatisticsJson[]>;
  /** The remote of the database, for `host:` targets. */
  readonly db?: string | undefined;
  /** For `ssl:` targets. */
  readonly tls?: TlsFiles | undefined;
}

interface Waiting {
  readonly wait?: boolean;
  readonly timeout_ms?: number;
}

/** Lists of thousands of interfaces take long to write and much memory: one at a time, and one of each client. */
const LISTS = new ConcurrencyLimit(1);
const LISTS_OF = new WeakMap<ApiConnection, ConcurrencyLimit>();

function oneList<T>(connection: ApiConnection, list: () => Promise<T>): Promise<T> {
  const own = LISTS_OF.get(connection) ?? new ConcurrencyLimit(1);
  LISTS_OF.set(connection, own);
  return own.run(() => LISTS.run(list));
}

const DEFAULT_WAIT_MS = 10_000;
/** What one comparison may cost: other clients wait for it. Documents of a fleet of a thousand different hosts need half. */
const MOST_EFFORT = 1_000_000;

/** The methods of the API over a State. */
export function createHandlers(sources: HandlerSources): Handlers<ApiConnection> {
  const { state, subscribe, db, tls } = sources;
  const subscriptions = new EventSubscriptions(subscribe);
  const traces = new Traces(state, sources.trace ?? (() => undefined));

  const by = (client: string | undefined) => (operations: readonly Json[]) => sources.intends?.(client, operations);
  const written = async (params: Waiting, intent: Promise<IntentResult>): Promise<WriteResult> => {
    const result = await intent;
    const { changed, notes } = result;
    if (params.wait === false) return { changed, notes, applied: false };
    const timeoutMs = params.timeout_ms ?? DEFAULT_WAIT_MS;
    await waitApplied(state, result, timeoutMs === 0 ? undefined : timeoutMs);
    return { changed, notes, applied: true };
  };

  return {
    'host.describe': async ({ host }) => {
      await state.askForLife();
      return describeHostInTurns(state, state.host(host));
    },
    'versions.list': ({ host, device_type = DEFAULT_DEVICE_TYPE, all = false }) =>
      mapInTurns(
        state.versions(state.host(host), device_type).filter((row) => all || row.usable),
        versionDocument,
      ),
    'versions.select': async ({ targets = [], documents = [], device_type, policy }) => {
      checkSome(targets, documents);
      const resolved = await resolveTargets(targets, { db, tls, files: false });
      const options = { deviceType: device_type, policy, effort: new Effort(MOST_EFFORT) };
      const selection = selectVersion([...resolved, ...documents.map(asHost)], options);
      const { version, digest, hosts, rows } = selection;
      return {
        ...(version === undefined ? {} : { version }),
        ...(digest === undefined ? {} : { digest }),
        ...{ policy: selection.policy, hosts },
        rows: rows.map(({ version, common, lacking }) => ({ version, common, lacking })),
        explanation: explainSelection(selection),
      };
    },
    'interfaces.list': ({ host }, connection) =>
      oneList(connection, async () => {
        await nextTurn(); // the list before this one is sent, and counted
        connection.checkRoom();
        return mapInTurns(state.interfaces(state.host(host)), interfaceDocument);
      }),
    'interfaces.show': ({ name, host }) => interfaceDocument(state.interface(name, state.host(host))),
    'interfaces.add': (params, { client }) => {
      const { name, frontend, backend, version, device_type: deviceType, may_exist: mayExist, host } = params;
      const intent = { name, frontend, backend, version, deviceType, mayExist };
      return written(params, addInterface(state, intent, { host, comment: `api: add ${name}`, sending: by(client) }));
    },
    'interfaces.remove': (params, { client }) => {
      const { name, if_exists: ifExists, host } = params;
      const comment = `api: remove ${name}`;
      return written(params, removeInterface(state, { name, ifExists }, { host, comment, sending: by(client) }));
    },
    'interfaces.pin': (params, { client }) => {
      const { name, version, host } = params;
      const comment = `api: pin ${name} ${version}`;
      return written(params, pin(state, { interface: name, version }, { host, comment, sending: by(client) }));
    },
    'interfaces.unpin': (params, { client }) => {
      const { name, host } = params;
      const comment = `api: unpin ${name}`;
      return written(params, unpin(state, { interface: name }, { host, comment, sending: by(client) }));
    },
    'interfaces.checkMove': async ({ name, targets = [], documents = [], from, version, postcopy, host }) => {
      checkSome(targets, documents);
      const source = from === undefined ? await describeHostInTurns(state, state.host(host)) : asHost(from);
      const resolved = await resolveTargets(targets, { db, tls, files: false });
      const asked = [...resolved, ...documents.map(asHost)];
      const answered = answerMove({ source, name, targets: asked, version, postcopy, effort: new Effort(MOST_EFFORT) });
      return { format: 1, kind: 'move', ...moveJson(answered) };
    },
    'interfaces.checkMoveTogether': async (params) => {
      const { vm, all_of: allOf, targets = [], documents = [], from, version, postcopy, host } = params;
      checkSome(targets, documents);
      const guest = guestIn(vm, allOf);
      const source = from === undefined ? await describeHostInTurns(state, state.host(host)) : asHost(from);
      const resolved = await resolveTargets(targets, { db, tls, files: false });
      const asked = [...resolved, ...documents.map(asHost)];
      const question = { source, targets: asked, version, postcopy, effort: new Effort(MOST_EFFORT) };
      return { format: 1, kind: 'move-together', ...togetherJson(answerTogether(question, guest)) };
    },
    'interfaces.statistics': async ({ name }) => {
      if (name !== undefined) state.interface(name);
      const all = (await sources.statistics?.()) ?? [];
      return all.filter((one) => name === undefined || one.interface === name);
    },
    'interfaces.trace': ({ name }, connection) => ({ trace: traces.add(connection, name) }),
    'interfaces.untrace': ({ trace }, connection) => ({ ended: traces.remove(connection, trace) }),
    'features.decode': ({ mask, family = 'virtio', device_type = DEFAULT_DEVICE_TYPE }) => {
      const names = family === 'protocol' ? PROTOCOL : familyOf(device_type);
      const value = parseMask(mask, names);
      const bits = decodeMask(names, value).map(({ bit, name, meaning, known }) => ({ bit, name, meaning, known }));
      return { mask: formatMask(value), bits };
    },
    'events.subscribe': (filter, connection) => ({ subscription: subscriptions.add(connection, filter) }),
    'events.unsubscribe': ({ subscription }, connection) => ({ ended: subscriptions.remove(connection, subscription) }),
  };
}

function guestIn(vm: string | undefined, allOf: string | undefined): GuestQuestion {
  if (vm !== undefined && allOf === undefined) return { vm };
  if (allOf !== undefined && vm === undefined) return { allOf };
  throw new ParamsError('params.vm', 'Cannot read params.vm: wanted exactly one of vm and all_of');
}

function checkSome(targets: readonly unknown[], documents: readonly unknown[]): void {
  if (targets.length + documents.length === 0)
    throw new ParamsError('params.targets', 'Cannot read params.targets: wanted at least one target or document');
}
