import { baselineCommand } from './commands/baseline.ts';
import { capture } from './commands/capture.ts';
import { checkMoveCommand } from './commands/check-move.ts';
import { decode } from './commands/decode.ts';
import { describeCommand } from './commands/describe.ts';
import { diffHosts } from './commands/diff-hosts.ts';
import { diffVersions } from './commands/diff-versions.ts';
import { drain } from './commands/drain.ts';
import { events } from './commands/events.ts';
import { explainCommand } from './commands/explain.ts';
import {
  addInterfaceCommand,
  defaultVersion,
  delInterface,
  pinCommand,
  undefine,
  unpinCommand,
} from './commands/intents.ts';
import { lintTable } from './commands/lint-table.ts';
import { listInterfaces } from './commands/list-interfaces.ts';
import { mockBackend } from './commands/mock-backend.ts';
import { probe } from './commands/probe.ts';
import { renderCommand } from './commands/render.ts';
import { matrixCommand, selectCommand } from './commands/select.ts';
import { serveDb } from './commands/serve-db.ts';
import { show } from './commands/show.ts';
import { showInterface } from './commands/show-interface.ts';
import { trace } from './commands/trace.ts';
import { listVersions, showVersion } from './commands/versions.ts';
import { whatIfCommand } from './commands/what-if.ts';
import type { Command } from './shared/command.ts';

/** Every command, in the order of the help. A new one is a value here and a section in docs/cli.md. */
export const COMMANDS: readonly Command[] = [
  show,
  listVersions,
  showVersion,
  diffVersions,
  defaultVersion,
  selectCommand,
  matrixCommand,
  diffHosts,
  baselineCommand,
  describeCommand,
  addInterfaceCommand,
  delInterface,
  listInterfaces,
  showInterface,
  pinCommand,
  unpinCommand,
  checkMoveCommand,
  drain,
  whatIfCommand,
  events,
  trace,
  probe,
  capture,
  undefine,
  decode,
  explainCommand,
  renderCommand,
  lintTable,
  mockBackend,
  serveDb,
];
