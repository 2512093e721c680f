import assert from 'node:assert/strict';
import { chmodSync, chownSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FrontendProcess } from '../e2e/frontends.ts';
import { mockBackend } from '../e2e/hosts.ts';
import { RELAY_UNIT, SystemdAgent } from '../e2e/under-systemd.ts';
import { eventually, Peers } from '../peers/process.ts';
import { needsSystemd } from '../peers/systemd.ts';
import { AGENT } from '../programs.ts';

/** QEMU's. */
const GROUP = 64_054;

/** What a release before the two units looked like: all in one unit, as root, with journals and sockets of guests in /run/vhost-compat. */
const FORMER_UNIT = [
  '[Service]',
  'Type=notify',
  'NotifyAccess=main',
  `ExecStart=${process.execPath} ${AGENT} --socket-group ${GROUP} --socket-dir /run/vhost-compat`,
  'FileDescriptorStoreMax=7500',
  'KillMode=mixed',
  'RuntimeDirectory=vhost-compat',
  'RuntimeDirectoryMode=0770',
  'RuntimeDirectoryPreserve=restart',
  'StateDirectory=vhost-compat',
  'StateDirectoryMode=0750',
].join('\n');

describe('an upgrade from the release with one unit', function () {
  this.timeout(180_000);
  const peers = new Peers();
  let agent: SystemdAgent;
  const inRun = (...names: string[]) => join(agent.dir, 'vhost-compat', ...names);
  before(function () {
    needsSystemd(this);
  });
  after(() => peers.end());

  it('is not noticed by a guest whose socket and whose journal are in /run/vhost-compat', async () => {
    agent = new SystemdAgent(peers, 'host', ['--socket-dir', '/run/vhost-compat']);
    await agent.boot();
    writeFileSync(join(agent.systemd.units, RELAY_UNIT), FORMER_UNIT);
    await agent.systemd.systemctl('daemon-reload');
    await agent.systemd.systemctl('start', RELAY_UNIT);
    chownSync(inRun(), 0, GROUP);
    const backend = await mockBackend(peers, `listen:${inRun('be')}`, 'ovs-3.1');
    const sides = ['--backend', 'connect:/run/vhost-compat/be', '--frontend', 'listen:/run/vhost-compat/fe'];
    await agent.must('add-interface', 'vhu0', ...sides);
    await agent.inState('vhu0', 'waiting-frontend');
    const frontend = new FrontendProcess(peers, `connect:${inRun('fe')}`);
    const offered = await frontend.offered();
    await agent.inState('vhu0', 'negotiated');
    await eventually('descriptors in the store', async () => (await agent.stored()) === 2);
    // that release had its journals there, and none of the rest
    renameSync(join(agent.dir, 'vhost-compat-relay', 'ports'), inRun('ports'));
    rmSync(join(agent.dir, 'vhost-compat-relay'), { recursive: true });
    chmodSync(inRun(), 0o770);

    rmSync(join(agent.systemd.units, RELAY_UNIT));
    await agent.install();
    await agent.upgrade();

    const shown = await agent.inState('vhu0', 'negotiated');
    assert.equal(shown.error, undefined);
    assert.deepEqual([await agent.stored(), backend.connections], [2, 1]);
    assert.deepEqual(readdirSync(inRun('ports')), []);
    const { uid, gid, mode } = statSync(inRun());
    const manager = Number(await agent.systemd.inside('id', '-u', 'vhost-compat'));
    assert.deepEqual([uid, gid, (mode & 0o7777).toString(8)], [manager, GROUP, '1770']);
    assert.equal(await frontend.reconnect(), offered, 'it finds its socket again');
    await agent.killAgent();
    assert.equal((await agent.inState('vhu0', 'negotiated')).error, undefined);
  });
});
