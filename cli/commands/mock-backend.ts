import { EXIT, type Exit } from '../../compat-tables/errors/exit-status.ts';
import { formatEndpoint, parseEndpoint } from '../../compat-tables/protocol/endpoint.ts';
import { findRelease } from '../../compat-tables/releases/releases.ts';
import { exitOfChild, startAgent } from '../shared/agent-process.ts';
import { argument, type Command, required } from '../shared/command.ts';
import { typed } from '../shared/command-errors.ts';

export const mockBackend: Command = {
  name: 'mock-backend',
  summary: 'Run a vhost-user back-end that only negotiates, for trials and tests',
  args: [{ name: 'ROLE:PATH', help: 'listen:PATH to wait for front-ends, connect:PATH to go to one' }],
  options: [
    {
      name: 'like',
      value: 'RELEASE',
      required: true,
      help: 'answer as this release does: ovs-3.2, ovs-2.13, dpdk-22.11 …',
    },
  ],
  example: 'listen:/tmp/vhu0.sock --like ovs-3.2',
  details:
    'Prints a line that begins with "ready" when it can be used, and runs until SIGINT or SIGTERM. No packet ever passes.',
  async run(context, input) {
    const endpoint = formatEndpoint(typed(() => parseEndpoint(argument(input, 0))));
    const release = typed(() => findRelease(required(input, 'like')));
    // before the child is there, so that no signal finds us with a child and without a handler
    const interrupted = context.io.interrupted();
    const child = startAgent(context, ['mock-backend', endpoint, '--like', release.name], 'inherit');
    child.stdout?.setEncoding('utf8').on('data', (text: string) => context.io.stdout(text));
    const ended = exitOfChild(child);
    const signal = await Promise.race([ended, interrupted]);
    // asked to end is done; ending by itself is for the child to judge
    return typeof signal === 'string' ? EXIT.done : asExit(signal);
  },
};

function asExit(code: number): Exit {
  return Object.values(EXIT).find((one) => one === code) ?? EXIT.failed;
}
