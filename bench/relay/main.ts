/** The cost of the agent on the control socket: each work direct and through it, in turns. See USAGE in options.ts. */
import { mkdirSync } from 'node:fs';
import { Peers } from '../../test/peers/process.ts';
import { writeSection } from '../results.ts';
import { descriptorsFor } from './agent-process.ts';
import { Bed } from './bed.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { openFilesLimit } from './proc.ts';
import { circumstances, type Findings, noFindings, tables } from './report.ts';
import { dataPath } from './works/data-path.ts';
import { disturbed } from './works/disturbed.ts';
import { handshakeMock, handshakeTestpmd } from './works/handshake.ts';
import { idle } from './works/idle.ts';
import { recovery } from './works/recovery.ts';
import { restart } from './works/restart.ts';
import { startup } from './works/startup.ts';

const WORKS: Readonly<Record<string, (bed: Bed) => Promise<void>>> = {
  startup,
  'handshake-mock': handshakeMock,
  'handshake-testpmd': handshakeTestpmd,
  disturbed,
  restart,
  idle,
  recovery,
  'data-path': dataPath,
};

async function main(options: Options): Promise<void> {
  const { soft } = openFilesLimit();
  const wanted = descriptorsFor(options.ports);
  if (soft < wanted)
    throw new Error(`--ports ${options.ports} needs ${wanted} open files, ${soft} are allowed: ulimit -n ${wanted}`);
  if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });
  const chosen = Object.entries(WORKS).filter(
    ([name]) => options.words.length === 0 || options.words.some((word) => name.includes(word)),
  );
  const all = noFindings();
  for (const [name, work] of chosen) {
    const own = noFindings();
    console.log(`\n${name} …`);
    await once(work, options, own);
    console.log(tables(own));
    all.comparisons.push(...own.comparisons);
    all.disturbances.push(...own.disturbances);
    all.values.push(...own.values);
    all.notes.push(...own.notes);
  }
  if (!options.write) return;
  writeSection('relay', `${circumstances(options.rounds)}\n\n${tables(all)}`);
}

/** Whatever happens, what the work has started ends. */
async function once(work: (bed: Bed) => Promise<void>, options: Options, findings: Findings): Promise<void> {
  const peers = new Peers();
  const interrupted = (): void => void peers.end().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const bed = new Bed(options, peers, findings);
  try {
    await work(bed);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await peers.end();
  }
  const profiles = bed.profiles();
  if (profiles !== undefined) console.log(profiles);
}

const options = readOptions(process.argv.slice(2));
if (options) await main(options);
else console.log(USAGE);
