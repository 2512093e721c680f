#!/usr/bin/env node
import { resumeKept } from '../manager/keeping.ts';
import { runDirOf } from '../settings/run-dir.ts';
import { runsAgent } from './call.ts';
import { dieAtStep } from './die-at-step.ts';

// What a guest waits for comes first: kept connections are relayed before anything else is even loaded.
const args = process.argv.slice(2);
if (args.includes('--supervise')) {
  const { superviseAgent } = await import('./supervise-command.ts');
  await superviseAgent(args);
} else {
  const dieFile = process.env['NODE_ENV'] === 'test' ? process.env['VHOST_COMPAT_TEST_DIE_FILE'] : undefined;
  const atStep = dieFile === undefined ? undefined : dieAtStep(dieFile);
  const kept = runsAgent(args) ? resumeKept(runDirOf(args), atStep) : undefined;
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine(kept);
}
