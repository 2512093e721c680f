import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { eventually, Peers } from '../peers/process.ts';
import { AGENT, COMMAND } from '../programs.ts';
import { addPort, mockBackend } from './hosts.ts';
import { SupervisedAgent } from './supervised.ts';

/** The TCP sockets on which a process listens. */
function listeners(pid: number): string[] {
  const held = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1);
  const fields = rows.map((row) => row.trim().split(/ +/));
  return fields.filter(([, , , state, , , , , , inode]) => state === '0A' && held.has(`socket:[${inode}]`)).map(String);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

/** Says in a program when it has its own handler of the signal, and when it loads native code. */
const WATCH = `
  process.on('newListener', (name) => name === 'SIGUSR1' && process.stdout.write('SIGUSR1 is caught\\n'));
  const load = process.dlopen;
  process.dlopen = (...args) => {
    process.stdout.write('loads native code\\n');
    return load.apply(process, args);
  };
`;

describe('SIGUSR1, at which node opens its inspector', function () {
  this.timeout(90_000);
  const peers = new Peers();
  after(() => peers.end());

  it('does nothing in the processes of the agent, and they go on', async () => {
    const agent = await SupervisedAgent.start(peers, 'host');
    const pids = [agent.peer.pid, agent.agentPid(), agent.managerPid()].map(Number);
    for (let i = 0; i < 3; i++) for (const pid of pids) process.kill(pid, 'SIGUSR1');
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await addPort(agent); // each has gone through many turns of its loop then
    assert.deepEqual(pids.map(listeners), [[], [], []]);
    assert.deepEqual([agent.peer.pid, agent.agentPid(), agent.managerPid()], pids);
    assert.doesNotMatch(agent.log, /Debugger listening/);
  });

  it('does nothing in a command', async () => {
    const agent = await SupervisedAgent.start(peers, 'watched');
    const args = [COMMAND, '--db', agent.db, 'events', '--follow'];
    const command = peers.start(process.execPath, args, { name: 'vhost-compat events' });
    await command.waitFor(/agent-started/);
    command.signal('SIGUSR1');
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await addPort(agent);
    await command.waitFor(/vhu0/);
    assert.deepEqual(listeners(command.pid), []);
  });

  it('is caught before a program loads anything else', () => {
    const watch = `data:text/javascript,${encodeURIComponent(WATCH)}`;
    for (const program of [AGENT, COMMAND]) {
      const { stdout } = spawnSync(process.execPath, ['--import', watch, program, '--version'], { encoding: 'utf8' });
      assert.match(stdout, /^SIGUSR1 is caught\n(loads .*\n)*vhost-compat/, program);
    }
    // the agent has a native module, so that the watch has seen something
    const { stdout } = spawnSync(process.execPath, ['--import', watch, AGENT, '--version'], { encoding: 'utf8' });
    assert.match(stdout, /^loads native code$/m);
  });

  it('opens nothing for long, whenever it comes', async () => {
    for (let delayMs = 10; delayMs <= 100; delayMs += 10) {
      const args = [AGENT, 'mock-backend', '--like', 'ovs-3.1', `listen:${peers.folder()}/be`];
      const { pid } = peers.start(process.execPath, args, { name: `a program with a signal after ${delayMs} ms` });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      try {
        process.kill(pid, 'SIGUSR1');
      } catch {
        continue; // it has ended of its own
      }
      await eventually('no inspector', () => {
        try {
          return listeners(pid).length === 0;
        } catch {
          return true; // the signal ended it, before node had its own handler
        }
      });
    }
  });
});
