import type { Command } from './shared/command.ts';

/**
 * Every command by its name, in the order of the help. A new one is a line here and a section in docs/cli.md. Each is loaded
 * when it is called: reading all of them takes longer than what most of them do.
 */
const LOADED_BY_NAME: Readonly<Record<string, () => Promise<Command>>> = {
  show: async () => (await import('./commands/show.ts')).show,
  'list-versions': async () => (await import('./commands/versions.ts')).listVersions,
  'show-version': async () => (await import('./commands/versions.ts')).showVersion,
  'diff-versions': async () => (await import('./commands/diff-versions.ts')).diffVersions,
  'default-version': async () => (await import('./commands/intents.ts')).defaultVersion,
  select: async () => (await import('./commands/select.ts')).selectCommand,
  matrix: async () => (await import('./commands/select.ts')).matrixCommand,
  'diff-hosts': async () => (await import('./commands/diff-hosts.ts')).diffHosts,
  baseline: async () => (await import('./commands/baseline.ts')).baselineCommand,
  describe: async () => (await import('./commands/describe.ts')).describeCommand,
  'add-interface': async () => (await import('./commands/intents.ts')).addInterfaceCommand,
  'del-interface': async () => (await import('./commands/intents.ts')).delInterface,
  'list-interfaces': async () => (await import('./commands/list-interfaces.ts')).listInterfaces,
  'show-interface': async () => (await import('./commands/show-interface.ts')).showInterface,
  pin: async () => (await import('./commands/intents.ts')).pinCommand,
  unpin: async () => (await import('./commands/intents.ts')).unpinCommand,
  'check-move': async () => (await import('./commands/check-move.ts')).checkMoveCommand,
  drain: async () => (await import('./commands/drain.ts')).drain,
  'what-if': async () => (await import('./commands/what-if.ts')).whatIfCommand,
  events: async () => (await import('./commands/events.ts')).events,
  trace: async () => (await import('./commands/trace.ts')).trace,
  probe: async () => (await import('./commands/probe.ts')).probe,
  capture: async () => (await import('./commands/capture.ts')).capture,
  'undefine-version': async () => (await import('./commands/intents.ts')).undefine,
  decode: async () => (await import('./commands/decode.ts')).decode,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  render: async () => (await import('./commands/render.ts')).renderCommand,
  'lint-table': async () => (await import('./commands/lint-table.ts')).lintTable,
  'mock-backend': async () => (await import('./commands/mock-backend.ts')).mockBackend,
  'serve-db': async () => (await import('./commands/serve-db.ts')).serveDb,
};

/** All of them, for the help and for what is told of a call that names none of them. */
export async function allCommands(): Promise<readonly Command[]> {
  return Promise.all(Object.values(LOADED_BY_NAME).map((load) => load()));
}

/** Those that words of a command line may name: the right one is among them, if it names one. */
export async function commandsNamedIn(argv: readonly string[]): Promise<readonly Command[]> {
  const loads = Object.entries(LOADED_BY_NAME).filter(([name]) => argv.includes(name));
  return Promise.all(loads.map(([, load]) => load()));
}
