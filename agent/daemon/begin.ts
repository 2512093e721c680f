import { resumePorts } from '../relay/service/resumed-ports.ts';
import { earlyCall } from '../settings/early-call.ts';
import { formerJournalFolder, journalFolder } from '../settings/relay-dir.ts';
import { dieAtStep } from './die-at-step.ts';
import { stayLean } from './memory.ts';
import { giveWayToRelay } from './priority.ts';

// Guests wait for their connections: resumed ones are served before anything else is even loaded.
const args = process.argv.slice(2);
const { supervise, servesPorts, manages, relayDir, runDir } = earlyCall(args);
if (manages) giveWayToRelay();
else stayLean();
if (supervise) {
  const { superviseAgent } = await import('./supervise-command.ts');
  await superviseAgent(args, relayDir);
} else {
  const dieFile = process.env['NODE_ENV'] === 'test' ? process.env['VHOST_COMPAT_TEST_DIE_FILE'] : undefined;
  const atStep = dieFile === undefined ? undefined : dieAtStep(dieFile);
  const folders = { folder: journalFolder(relayDir), former: formerJournalFolder(runDir) };
  const keeper = servesPorts ? resumePorts(folders, atStep) : undefined;
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine(args, keeper);
}
