import type { Command } from './command.ts';
import { addInterfaceCommand, defaultVersion, delInterface, pinCommand, unpinCommand } from './commands/changes.ts';
import { decode } from './commands/decode.ts';
import { describeCommand } from './commands/describe.ts';
import { listInterfaces, showInterface } from './commands/interfaces.ts';
import { mockBackend } from './commands/mock-backend.ts';
import { probe } from './commands/probe.ts';
import { matrixCommand, selectCommand } from './commands/select.ts';
import { serveDb } from './commands/serve-db.ts';
import { listVersions, showVersion } from './commands/versions.ts';

/** Every command, in the order of the help. A new one is a value here and a section in docs/cli.md. */
export const COMMANDS: readonly Command[] = [
  listVersions,
  showVersion,
  defaultVersion,
  selectCommand,
  matrixCommand,
  describeCommand,
  addInterfaceCommand,
  delInterface,
  listInterfaces,
  showInterface,
  pinCommand,
  unpinCommand,
  probe,
  decode,
  mockBackend,
  serveDb,
];
