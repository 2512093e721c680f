import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { Exit } from '../../compat-tables/errors/exit-status.ts';
import type { EventRow, HostRow } from '../../rpc/state/read-rows.ts';
import { hostName, type State } from '../../rpc/state/state.ts';
import type { Command } from '../shared/command.ts';
import type { Context } from '../shared/context.ts';
import type { Cell } from '../shared/formats.ts';
import { isoTime } from '../shared/host-names.ts';
import { openState } from '../shared/open-host.ts';
import { countOption, Stream, type StreamColumn, untilEnded } from '../shared/stream.ts';

const COLUMNS: readonly StreamColumn<EventRow>[] = [
  { name: 'time', width: 24, cell: ({ time }) => isoTime(time) },
  { name: 'interface', width: 15, cell: (row) => row.interface },
  { name: 'kind', width: 18, cell: ({ kind }) => kind },
  { name: 'code', width: 22, cell: ({ code }) => code },
  { name: 'text', width: 0, cell: ({ text }) => text },
];

export const events: Command = {
  name: 'events',
  summary: 'Show what happened: measurements, negotiations, refusals, faults, pins, restarts',
  args: [{ name: 'NAME', arity: 'optional', help: 'of this interface only' }],
  options: [
    { name: 'follow', help: 'go on with what happens from now on, until SIGINT or SIGTERM' },
    { name: 'last', value: 'N', help: 'of what happened before only the last N (default: all that is kept)' },
  ],
  example: 'vhu0 --last 10 --follow',
  details: 'The history is in the database, where the agent keeps the last 1000 events (event_limit), oldest first.',
  async run(context, input) {
    const [name] = input.args;
    const last = countOption(input, 'last', 0);
    const follow = input.flag('follow');
    let host: HostRow | undefined;
    const stream = follow ? new Stream(context, COLUMNS, (row) => eventLine(host, row)) : undefined;
    const state = await openState(context, { events: true });
    host = state.host();
    const filter = { systemId: host.systemId, ...(name === undefined ? {} : { interface: name }) };
    const history = state.events(filter);
    // An interface that is gone has a history still.
    if (name !== undefined && history.length === 0) state.interface(name, host);
    const shown = last === undefined ? history : history.slice(Math.max(0, history.length - last));
    if (stream !== undefined) return followEvents({ context, state, stream, history, shown, filter });
    return {
      table: {
        headings: COLUMNS.map((column) => column.name),
        rows: shown.map((row) => COLUMNS.map((column): Cell => column.cell(row))),
      },
      json: { kind: 'events', host: hostName(host), events: shown.map((row) => eventJson(host, row)) },
    };
  },
};

interface Following {
  readonly context: Context;
  readonly state: State;
  readonly stream: Stream<EventRow>;
  /** What is there already, and what of it is to be shown. */
  readonly history: readonly EventRow[];
  readonly shown: readonly EventRow[];
  readonly filter: Parameters<State['events']>[0];
}

function followEvents({ context, state, stream, history, shown, filter }: Following): Promise<Exit> {
  return untilEnded(context, (end) => {
    let known = new Set(history.map(({ uuid }) => uuid));
    stream.begin();
    for (const row of shown) stream.put(row);
    state.onChange(() => {
      const now = state.events(filter);
      for (const row of now) if (!known.has(row.uuid)) stream.put(row);
      // The oldest leave the history, and with it this set.
      known = new Set(now.map(({ uuid }) => uuid));
    });
    const { db, retry } = context.options;
    state.client.on('disconnected', (cause) => {
      if (!retry) end(new CompatError('VC-DB-CONNECT', `Cannot go on: ${cause.message}`, { remote: db }, { cause }));
    });
  });
}

function eventLine(host: HostRow | undefined, row: EventRow) {
  return { format: 1, kind: 'event', event: eventJson(host, row) };
}

/** As the management API has it. */
function eventJson(host: HostRow | undefined, row: EventRow) {
  return {
    host: host === undefined ? '' : hostName(host),
    ...(row.interface === undefined ? {} : { interface: row.interface }),
    time: row.time,
    kind: row.kind,
    ...(row.code === undefined ? {} : { code: row.code }),
    text: row.text,
    details: Object.fromEntries(row.details),
  };
}
