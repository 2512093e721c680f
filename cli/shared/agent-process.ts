import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isErrorCode } from '../../compat-tables/errors/catalogue.ts';
import { CompatError } from '../../compat-tables/errors/compat-error.ts';
import { EXIT, type Exit } from '../../compat-tables/errors/exit-status.ts';
import { ReportedError } from './command-errors.ts';
import type { Context } from './context.ts';

/**
 * Some work speaks vhost-user, which only the agent's binary knows. It is started as a child, so that the command line
 * stays free of the agent's code. $VHOST_COMPAT_AGENT names another binary, or another JavaScript file, than the one
 * that was installed beside this one.
 */
function agentCommand(context: Context): { file: string; args: string[] } {
  const named = context.io.env['VHOST_COMPAT_AGENT'] ?? '';
  if (named !== '' && !/\.[cm]?[jt]s$/.test(named)) return { file: named, args: [] };
  const script = named || neighbour();
  if (!existsSync(script)) {
    const text = `Cannot start the agent's binary: ${script} does not exist; see VHOST_COMPAT_AGENT`;
    throw new CompatError('VC-CONFIG', text);
  }
  return { file: process.execPath, args: [...process.execArgv, script] };
}

/** Installed, both programs stand side by side; run in parts or from source, the agent is in the same state as this file. */
function neighbour(): string {
  const installed = join(import.meta.dirname, 'vhost-compatd.js');
  if (existsSync(installed)) return installed;
  return join(import.meta.dirname, `../../agent/daemon/main${extname(import.meta.filename)}`);
}

/** Starts the agent's binary with a subcommand; it is ended with the command that started it. */
export function startAgent(context: Context, args: readonly string[], stdio: 'pipe' | 'inherit'): ChildProcess {
  const command = agentCommand(context);
  context.log(`starting ${[command.file, ...command.args, ...args].join(' ')}`);
  const { env } = context.io;
  const child = spawn(command.file, [...command.args, ...args], { env, stdio: ['ignore', 'pipe', stdio] });
  context.atEnd(() => endChild(child));
  return child;
}

/** Runs a subcommand of the agent's binary to its end and returns what it printed; its failure becomes ours. */
export async function askAgent(context: Context, args: readonly string[]): Promise<string> {
  const child = startAgent(context, args, 'pipe');
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the child was started without pipes');
  const [code, output, complaint] = await Promise.all([exitOfChild(child), text(stdout), text(stderr)]);
  if (code === 0) return output;
  throw reported(code, complaint);
}

/** Its exit status; a signal counts as failure. Rejects with VC-CONFIG when it could not be started. */
export function exitOfChild(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new CompatError('VC-CONFIG', `Cannot start the agent's binary: ${error.message}`, {}, { cause: error }));
    });
    child.once('close', (code) => resolve(code ?? EXIT.failed));
  });
}

const EXITS: ReadonlySet<number> = new Set(Object.values(EXIT));

/** The last line of stderr is the error as JSON. */
function reported(code: number, complaint: string): CompatError {
  const exit = (EXITS.has(code) ? code : EXIT.failed) as Exit;
  const last = complaint.trim().split('\n').at(-1) ?? '';
  try {
    const seen = JSON.parse(last) as { code?: unknown; message?: unknown };
    if (typeof seen.code === 'string' && isErrorCode(seen.code) && typeof seen.message === 'string') {
      return new ReportedError(seen.code, seen.message, exit);
    }
  } catch {
    // not JSON: the text itself is the best there is
  }
  return new ReportedError('VC-INTERNAL', `The agent's binary failed with status ${code}: ${last}`, exit);
}

/** How long a child may take to end after SIGTERM. */
const END_MS = 3000;

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await ended;
  clearTimeout(timer);
}
