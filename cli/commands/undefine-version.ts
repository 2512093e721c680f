import { undefineVersion } from '../../rpc/state/definitions.ts';
import { carryOutChange } from '../shared/carry-out-change.ts';
import { argument, type Command } from '../shared/command.ts';

export const undefine: Command = {
  name: 'undefine-version',
  summary: 'Take back a version that was defined with baseline or capture',
  args: [{ name: 'VERSION', help: 'a version whose origin is "defined"' }],
  options: [],
  example: 'site.hall2.v1',
  details:
    "The host goes on publishing it while an interface is pinned to it or runs in it, and while it is the host's default.",
  async run(context, input) {
    const version = argument(input, 0);
    return carryOutChange(context, {
      command: 'undefine-version',
      doing: `take back ${version}`,
      intent: (state, options) => undefineVersion(state, { version }, options),
    });
  },
};
