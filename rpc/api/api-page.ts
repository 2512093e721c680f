import { METHODS, type MethodSpec, NOTIFICATIONS } from './methods.ts';

/** The page docs/api.md, read off the table of methods. */
export function apiPage(): string {
  const methods = Object.entries(METHODS).map(([name, spec]) => methodSection(name, spec));
  const notifications = Object.entries(NOTIFICATIONS).map(
    ([name, { summary, gives }]) => `### ${name}\n\n${summary}. Params: ${gives}.\n`,
  );
  return [HEAD, ...methods, '## Notifications\n', ...notifications].join('\n');
}

function methodSection(name: string, spec: MethodSpec): string {
  const params = Object.entries(spec.takes).map(([param, text]) => `| \`${param}\` | ${text.replaceAll('|', '\\|')} |`);
  const table = ['| parameter | |', '|---|---|', ...params].join('\n');
  return `### ${name}\n\n${spec.summary} (${spec.mode}s).\n\n${table}\n\nGives ${spec.gives}.\n`;
}

const HEAD = `# The management API

JSON-RPC 2.0, one message per WebSocket text message, at path \`/\` of the agent's API socket
(\`/run/vhost-compat/api.sock\` as a rule; whoever may open the socket may call everything). This page is generated
from \`rpc/api/methods.ts\` with \`npm run docs\`.

- Parameters are given by name. A parameter that a method does not know is an error, so that a typing mistake does not
  pass unseen. \`?\` marks parameters that may be absent.
- Results may gain members in later releases; skip those that you do not know.
- Masks travel as text, \`"0x130008000"\`: numbers in JSON lose bits above 2^53. Times are milliseconds since 1970.
- Errors of methods carry a stable code of [errors.md](errors.md) in \`error.data.code\` and what it is about in
  \`error.data.details\`; go by the code, show the message. \`error.code\` is -32602 for wrong parameters, -32603 for an
  error inside the agent (its log says more) and -32000 for all else.
- What reaches no method is answered without \`data\`: \`error.code\` is -32700 for text that is no JSON, -32600 for what is no
  request (an empty or too large batch, too) and -32601 for an unknown method.
- A batch of at most 100 requests is answered by an array.
- Limits: messages of at most 1 MiB, 200 connections. A connection with 32 unanswered requests is not read until one is
  answered. A client that does not read its notifications is disconnected; of \`interfaces.message\` it misses some instead
  and is told how many. Targets are asked 32 at a time, over all calls, and those of a call no more after one has failed.

A first call, with any WebSocket client that opens unix sockets:

\`\`\`json
{"jsonrpc": "2.0", "id": 1, "method": "interfaces.pin", "params": {"name": "vhu0", "version": "upstream.ovs-dpdk.v2.13"}}
\`\`\`
\`\`\`json
{"jsonrpc": "2.0", "id": 1, "result": {"changed": true, "applied": true, "notes": []}}
\`\`\`

## Methods
`;
