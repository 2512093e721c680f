import type { ErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import type { MessageJson } from '../../rpc/api/message-json.ts';
import { argument, type Command } from '../shared/command.ts';
import type { Context } from '../shared/context.ts';
import { isoTime } from '../shared/host-names.ts';
import { API_OPTION, namedHost, openApi } from '../shared/open-api.ts';
import { countOption, Stream, type StreamColumn, untilEnded } from '../shared/stream.ts';

/** Whole names fit, so that the lines of a trace stand under each other whatever comes. */
const COLUMNS: readonly StreamColumn<MessageJson>[] = [
  { name: 'time', width: 24, cell: ({ time }) => isoTime(time) },
  { name: 'from', width: 13, cell: ({ from }) => (from === 'front-end' ? 'front-end ->' : '<- back-end') },
  { name: 'message', width: 25, cell: ({ name }) => name },
  { name: 'flags', width: 10, cell: flagsText },
  { name: 'fds', width: 3, cell: ({ descriptors }) => descriptors },
  { name: 'verdict', width: 9, cell: ({ verdict }) => verdict },
  { name: 'payload', width: 0, cell: ({ text }) => text },
];

export const trace: Command = {
  name: 'trace',
  summary: 'Show the vhost-user messages of an interface as they pass, decoded',
  args: [{ name: 'NAME', help: 'the interface' }],
  options: [{ name: 'count', value: 'N', help: 'end after N messages' }, API_OPTION],
  example: 'vhu0 --count 20',
  details: [
    'Runs until SIGINT or SIGTERM. Shows what was asked, answered and changed on the way, never the contents of memory,',
    'configuration space or descriptors. A reader that is too slow misses messages and is told how many; the guest never waits.',
  ].join(' '),
  async run(context, input) {
    const name = argument(input, 0);
    const count = countOption(input, 'count', 1);
    const stream = new Stream(context, COLUMNS, (message) => ({ format: 1, kind: 'message', message }));
    const api = await openApi(context, input, await namedHost(context, input));
    return untilEnded(context, async (end) => {
      let left = count ?? Number.POSITIVE_INFINITY;
      api.onClose(() => end(ended(name, 'VC-API-CONNECT', 'the connection to the agent has ended')));
      api.on('interfaces.traceEnded', () => end(ended(name, 'VC-INTERFACE-UNKNOWN', 'the interface was removed')));
      api.on('interfaces.message', ({ dropped, message }) => {
        if (left === 0) return;
        tellDropped(context, stream, name, dropped);
        if (message === undefined) return;
        stream.put(message);
        left -= 1;
        if (left === 0) end();
      });
      stream.begin();
      await api.call('interfaces.trace', { name });
      context.io.stderr(`tracing ${name}\n`);
    });
  },
};

function tellDropped(context: Context, stream: Stream<MessageJson>, name: string, dropped: number): void {
  if (dropped === 0) return;
  if (context.options.format === 'json') stream.object({ format: 1, kind: 'dropped', interface: name, dropped });
  else context.io.stderr(`vhost-compat: ${dropped} messages are missing here: they were not read fast enough\n`);
}

function flagsText({ reply, need_reply }: MessageJson): string | undefined {
  return [...(reply ? ['reply'] : []), ...(need_reply ? ['need_reply'] : [])].join(',') || undefined;
}

function ended(name: string, code: ErrorCode, why: string): CompatError {
  return new CompatError(code, `Cannot go on tracing ${name}: ${why}`, { interface: name });
}
