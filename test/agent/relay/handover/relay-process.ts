import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dieAtStep } from '../../../../agent/daemon/die-at-step.ts';
import { injectFaults } from '../../../../agent/fd/faults.ts';
import { SystemCallError } from '../../../../agent/fd/libc.ts';
import { supervise } from '../../../../agent/keeper/supervisor.ts';
import type { Handover } from '../../../../agent/relay/handover/stored-pair.ts';
import { Port } from '../../../../agent/relay/port/port.ts';
import type { PortHooks } from '../../../../agent/relay/port/port-status.ts';
import { type KeeperLink, resumePorts } from '../../../../agent/relay/service/resumed-ports.ts';
import { entryOf } from '../../support.ts';

/**
 * A program for tests of what survives: `keeper FOLDER` supervises `relay FOLDER`, which is one port from FOLDER/f to
 * FOLDER/b, another from FOLDER/fq to FOLDER/bq, and nothing else, so that it starts fast. It dies where FOLDER/die says,
 * and its system calls fail where FOLDER/fault says.
 */
const ENOMEM = 12;
const [role, folder = ''] = process.argv.slice(2);
if (role === 'keeper') {
  const command = [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'relay', folder];
  process.exitCode = await supervise({
    children: [{ name: 'relay', command, keeps: true }],
    notifySocket: join(folder, 'keeper.sock'),
    backoff: { firstMs: 1, longestMs: 1, goodLifeMs: 0 },
    log: (event, fields) => process.stderr.write(`${event} ${JSON.stringify(fields)}\n`),
  });
} else {
  const keeper = resumePorts({ folder: join(folder, 'ports') }, dieAtStep(join(folder, 'die')));
  if (!keeper) throw new Error('wanted a keeper');
  const hooks: PortHooks = {
    decide: () => ({ mode: entryOf() }),
    changed: () => {},
    event: ({ kind, code, text }) => process.stderr.write(`${kind} ${code ?? ''} ${text}\n`),
  };
  for (const problem of keeper.ports.problems) process.stderr.write(`problem ${problem.message}\n`);
  for (const name of ['', 'q']) servePort(name, keeper, hooks);
  if (process.env['FAULTS'] === '1') failWhereTold(join(folder, 'fault'));
  process.once('SIGTERM', () => process.exit(0));
  keeper.store.notify('READY=1');
}

function servePort(name: string, keeper: KeeperLink, hooks: PortHooks): void {
  const [frontend, backend] = [join(folder, `f${name}`), join(folder, `b${name}`)];
  const earlier = keeper.ports.takeOver(`p${name}`, `listen:${frontend}`, `connect:${backend}`);
  if (earlier) {
    earlier.adopt(hooks);
    return;
  }
  rmSync(frontend, { force: true });
  const port = new Port(
    {
      name: `p${name}`,
      deviceType: 'vhost-user-net',
      frontend: { role: 'listen', path: frontend },
      backend: { role: 'connect', path: backend },
    },
    hooks,
    { handover: failing(keeper.handover, join(folder, 'fault')), atStep: keeper.atStep },
  );
  port.start();
}

/** The file says `CALL:N`: from its appearance on the N-th such call fails, once; then the file is removed. */
function countdown(file: string): (call: string) => boolean {
  let seen = 0;
  let known = '';
  return (call) => {
    let wanted: string;
    try {
      wanted = readFileSync(file, 'utf8');
    } catch {
      return false;
    }
    if (wanted !== known) seen = 0;
    known = wanted;
    if (!wanted.startsWith(`${call}:`)) return false;
    seen += 1;
    if (seen !== Number(wanted.split(':')[1])) return false;
    rmSync(file, { force: true });
    return true;
  };
}

function failWhereTold(file: string): void {
  const due = countdown(file);
  injectFaults((call) => {
    if (!due(call)) return;
    process.stderr.write(`fault ${call}\n`);
    throw new SystemCallError(call, ENOMEM);
  });
}

/** A keeper that fails as told. */
function failing(handover: Handover, file: string): Handover {
  const due = countdown(file);
  return {
    ...handover,
    store: (id, descriptors, done) => {
      if (due('store')) done(new Error('told to fail'));
      else handover.store(id, descriptors, done);
    },
  };
}
