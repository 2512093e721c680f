import { METHODS, type MethodSpec, NOTIFICATIONS } from './methods.ts';

/** The page docs/api.md, generated from the table of methods. */
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
  return `### ${name}\n\n${spec.summary} (${spec.mode}s).\n\n${table}\n\nResult: ${spec.gives}.\n`;
}

const HEAD = `# The management API

JSON-RPC 2.0, one message per WebSocket text message, at path \`/\` of the agent's API socket
(\`/run/vhost-compat/api.sock\` as a rule; a process that may open the socket may call every method). This page is generated
from \`rpc/api/methods.ts\` with \`npm run docs\`.

- Parameters are given by name. An unknown parameter is an error, so that a typing mistake does not pass unnoticed.
  \`?\` marks parameters that may be absent.
- Results may have more members in later releases; ignore members that you do not know.
- Masks travel as text, \`"0x130008000"\`: numbers in JSON lose bits above 2^53. Times are milliseconds since 1970.
- Errors of methods carry a stable code of [errors.md](errors.md) in \`error.data.code\` and its details in
  \`error.data.details\`; decide by the code, show the message. \`error.code\` is -32602 for wrong parameters, -32603 for an
  error inside the agent (its log says more) and -32000 otherwise.
- Errors before a method is called have no \`data\`: \`error.code\` is -32700 for text that is not JSON, -32600 for an invalid
  request (also an empty or too large batch) and -32601 for an unknown method.
- A batch of at most 100 requests is answered by an array. Its requests begin one after the other; those that would make its
  answer longer than 4 MiB are refused (\`VC-API-BUSY\`).
- Limits: messages of at most 1 MiB and 64 levels, 200 connections. A connection with 32 unanswered requests, or 2 MiB of them, is
  not read until one is answered. A client that has not read 4 MiB of answers, and each that has not read some while all together have
  not read 64 MiB, is refused (\`VC-API-BUSY\`); those that have not read the most are disconnected. Documents that would take too long to compare are refused
  (\`VC-DOCUMENT-SIZE\`). A connection with an \`Origin\`, as web pages make them, is refused with 403. A client that does not read its notifications is disconnected; \`interfaces.message\` notifications are
  dropped instead, and counted. At most 32 targets are asked at a time, over all calls; after one of a call has failed, its
  other targets are not asked.

A first request, with any WebSocket client that opens unix sockets:

\`\`\`json
{"jsonrpc": "2.0", "id": 1, "method": "interfaces.pin", "params": {"name": "vhu0", "version": "upstream.ovs-dpdk.v2.13"}}
\`\`\`
\`\`\`json
{"jsonrpc": "2.0", "id": 1, "result": {"changed": true, "applied": true, "notes": []}}
\`\`\`

## Methods
`;
