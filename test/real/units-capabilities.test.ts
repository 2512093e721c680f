import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mockBackend } from '../e2e/hosts.ts';
import { RELAY_UNIT, SystemdAgent } from '../e2e/under-systemd.ts';
import { Peers } from '../peers/process.ts';
import { needsSystemd } from '../peers/systemd.ts';

/** Who runs QEMU and the switch: neither root nor one of ours. */
const OTHER = 64_055;
const GROUP = 64_054;
const ALL = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER'];

describe('the capabilities of the relay unit', function () {
  this.timeout(180_000);
  const peers = new Peers();
  let agent: SystemdAgent;

  before(async function () {
    needsSystemd(this);
    agent = new SystemdAgent(peers, 'host', [
      '--socket-dir',
      '/run/vhost-user',
      '--socket-dir',
      `/run/vhost-user/shared=${GROUP}`,
    ]);
    await agent.boot();
    await agent.install();
    await agent.start();
    folder('shared', 0, GROUP, 0o1770);
    folder('private', OTHER, OTHER, 0o755);
    folder('root', 0, 0, 0o755);
    await mockBackend(peers, `listen:${agent.path('private/be')}`, 'ovs-3.1');
    chownSync(agent.path('private/be'), OTHER, OTHER);
    chmodSync(agent.path('private/be'), 0o755);
    await mockBackend(peers, `listen:${agent.path('root/be1')}`, 'ovs-3.1');
    await mockBackend(peers, `listen:${agent.path('root/be2')}`, 'ovs-3.1');
    for (const path of ['root/be1', 'root/be2']) chmodSync(agent.path(path), 0o666);
    // a socket of a process that is gone, of another user than the directory's and ours
    leaveSocket(agent.path('shared/stale'));
    await add('other', 'private/be', 'shared/fe0');
    await add('group', 'root/be1', 'shared/fe1');
    await add('stale', 'root/be2', 'shared/stale');
  });
  after(() => peers.end());

  function folder(name: string, uid: number, gid: number, mode: number): void {
    mkdirSync(agent.path(name), { recursive: true });
    chownSync(agent.path(name), uid, gid);
    chmodSync(agent.path(name), mode);
  }

  async function add(name: string, backend: string, frontend: string): Promise<void> {
    const sides = [
      '--backend',
      `connect:/run/vhost-user/${backend}`,
      '--frontend',
      `listen:/run/vhost-user/${frontend}`,
    ];
    await agent.must('add-interface', name, ...sides);
  }

  function leaveSocket(path: string): void {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    chownSync(path, OTHER, OTHER);
  }

  /** Starts the relay process anew, with all but one of its rights, and finds each socket as before it first did. */
  async function without(capability: string): Promise<void> {
    const rest = ALL.filter((one) => one !== capability).join(' ');
    const lines = ['AmbientCapabilities', 'CapabilityBoundingSet'].flatMap((key) => [`${key}=`, `${key}=${rest}`]);
    agent.configure('relay', lines, 'zz-capabilities.conf');
    await agent.systemd.systemctl('daemon-reload');
    await agent.systemd.systemctl('stop', RELAY_UNIT);
    leaveSocket(agent.path('shared/stale'));
    await agent.succeeded('relay', () => agent.systemd.systemctl('start', RELAY_UNIT));
  }

  async function assertErrors(errors: Readonly<Record<string, RegExp | undefined>>): Promise<void> {
    for (const [name, error] of Object.entries(errors)) {
      const { state, error_detail = '' } = await agent.inState(name, error ? 'error' : 'waiting-frontend');
      assert.match(error_detail, error ?? /^$/, `${name} is ${state}`);
    }
  }

  it('let it use sockets of other users, in their directories, and give its own to a group', async () => {
    for (const name of ['group', 'other', 'stale']) await agent.inState(name, 'waiting-frontend');
    for (const name of ['fe0', 'fe1', 'stale']) {
      const { uid, gid, mode } = lstatSync(join(agent.path('shared'), name));
      assert.notEqual(uid, OTHER, name);
      assert.deepEqual([gid, (mode & 0o777).toString(8)], [GROUP, '660'], name);
    }
  });

  it('without CAP_DAC_OVERRIDE it reaches no socket of another user, and makes none in a directory of others', async () => {
    await without('CAP_DAC_OVERRIDE');
    await assertErrors({
      other: /Cannot connect: EACCES/,
      group: /may not make files in its directory \(EACCES\)/,
      stale: /may not make files in its directory \(EACCES\)/,
    });
  });

  it('without CAP_FOWNER a dead socket of somebody else stays in the way', async () => {
    await without('CAP_FOWNER');
    await assertErrors({ other: undefined, group: undefined, stale: /cannot be removed \(EPERM\)/ });
  });

  it('without CAP_CHOWN it can give its sockets to nobody, the one for orders included', async () => {
    await assert.rejects(without('CAP_CHOWN'));
    assert.match(agent.logOf('relay'), /it cannot be given to user [0-9]+: EPERM/);
  });
});
