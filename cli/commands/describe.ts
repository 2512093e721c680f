import { hostDocument } from '../../rpc/state/documents.ts';
import type { Command } from '../command.ts';
import { withHost } from '../database.ts';
import { hostName } from './shared.ts';

export const describeCommand: Command = {
  name: 'describe',
  summary: 'Print this host as a JSON document, for selection without it and for other managers',
  args: [],
  options: [],
  example: '> hostA.json',
  details: 'select and matrix read such files; so does any other program: the document is a stable format.',
  async run(context) {
    const { host, versions, interfaces } = await withHost(context);
    const document = hostDocument({ host, versions, interfaces }, new Date());
    // C1 controls as escapes: they mean the same in JSON and nothing to a terminal
    const text = JSON.stringify(document, null, 2).replaceAll(/[\u007f-\u009f]/g, (char) => {
      return `\\u00${(char.codePointAt(0) ?? 0).toString(16)}`;
    });
    return {
      text: `${text}\n`,
      table: {
        headings: ['host', 'system_id', 'agent_version', 'known_by', 'usable_versions', 'interfaces'],
        rows: [
          [
            ...[hostName(host), host.systemId, host.agentVersion, host.knownBy],
            versions.filter(({ usable }) => usable).map(({ version }) => version),
            interfaces.map(({ name }) => name),
          ],
        ],
      },
      json: { ...document },
    };
  },
};
