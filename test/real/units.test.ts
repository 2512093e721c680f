import assert from 'node:assert/strict';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { FrontendProcess } from '../e2e/frontends.ts';
import { addPort, mockBackend } from '../e2e/hosts.ts';
import { MANAGER_UNIT, RELAY_UNIT, SystemdAgent } from '../e2e/under-systemd.ts';
import { Peers } from '../peers/process.ts';
import { needsSystemd } from '../peers/systemd.ts';

describe('the units that we ship, under a real systemd', function () {
  this.timeout(180_000);
  const peers = new Peers();
  let agent: SystemdAgent;
  before(async function () {
    needsSystemd(this);
    agent = await SystemdAgent.start(peers, 'host');
  });
  after(() => peers.end());

  const statusOf = async (name: 'relay' | 'manager', keys: readonly string[]) => {
    const status = await agent.systemd.inside('cat', `/proc/${await agent.pidOf(name)}/status`);
    return Object.fromEntries(keys.map((key) => [key, new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(status)?.[1]]));
  };
  const numberOf = async (user: string) => (await agent.systemd.inside('id', '-u', user)).trim();

  it('each process is an ordinary user with the rights that it needs, and gains none', async () => {
    const keys = ['Uid', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp'];
    const all = (caps: string) => ({ CapInh: caps, CapPrm: caps, CapEff: caps, CapBnd: caps, CapAmb: caps });
    const confined = { NoNewPrivs: '1', Seccomp: '2' };
    // chown (bit 0), dac_override (1), fowner (3)
    const relay = { Uid: await numberOf('vhost-compat-relay'), ...all('000000000000000b'), ...confined };
    const manager = { Uid: await numberOf('vhost-compat'), ...all('0000000000000000'), ...confined };
    assert.deepEqual([await statusOf('relay', keys), await statusOf('manager', keys)], [relay, manager]);
    const owners = (path: string) => {
      const { uid, mode } = lstatSync(join(agent.dir, path));
      return [String(uid), (mode & 0o7777).toString(8)];
    };
    assert.deepEqual(owners('vhost-compat'), [manager.Uid, '750']);
    assert.deepEqual(owners('vhost-compat/db.sock'), [manager.Uid, '660']);
    assert.deepEqual(owners('vhost-compat/api.sock'), [manager.Uid, '660']);
    assert.deepEqual(owners('vhost-compat-relay'), [relay.Uid, '711']);
    assert.deepEqual(owners('vhost-compat-relay/orders.sock'), [manager.Uid, '600']);
  });

  it('the relay process does not see the sockets whose clients are root', async () => {
    const mounts = ['--target', String(await agent.pidOf('relay')), '--mount'];
    const inRelay = async (path: string) =>
      (await agent.systemd.inside('nsenter', ...mounts, 'stat', '--format', '%a', path)).trim();
    assert.deepEqual([await inRelay('/run/systemd/private'), await inRelay('/run/systemd/notify')], ['0', '777']);
  });

  it('systemd holds two descriptors for each connected interface, and gives them to each next relay process', async () => {
    const backend = await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await addPort(agent);
    assert.equal(await agent.stored(), 0);
    const frontend = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    await frontend.offered();
    await agent.inState('vhu0', 'negotiated');
    assert.equal(await agent.stored(), 2);
    await agent.killAgent();
    await agent.killManager();
    await agent.upgrade();
    await agent.systemd.systemctl('daemon-reexec');
    await agent.killAgent();
    assert.equal((await agent.inState('vhu0', 'negotiated')).error, undefined);
    assert.deepEqual([await agent.stored(), backend.connections], [2, 1]);
  });

  it('a relay process that stands still is replaced, and nobody notices', async () => {
    const [pid, restarts] = [await agent.pidOf('relay'), Number(await agent.systemd.property(RELAY_UNIT, 'NRestarts'))];
    await agent.succeeded('relay', () => agent.systemd.inside('kill', '-STOP', String(pid)));
    assert.equal(Number(await agent.systemd.property(RELAY_UNIT, 'NRestarts')), restarts + 1);
    assert.equal((await agent.inState('vhu0', 'negotiated')).error, undefined);
    assert.equal(await agent.stored(), 2);
  });

  it('so is a manager process', async () => {
    agent.configure('manager', ['WatchdogSec=2'], 'watchdog.conf');
    await agent.systemd.systemctl('daemon-reload');
    await agent.succeeded('manager', () => agent.systemd.systemctl('restart', MANAGER_UNIT));
    const pid = await agent.pidOf('manager');
    await agent.succeeded('manager', () => agent.systemd.inside('kill', '-STOP', String(pid)));
    assert.equal((await agent.inState('vhu0', 'negotiated')).error, undefined);
  });

  it('a stop of one does not stop the other', async () => {
    await agent.systemd.systemctl('stop', MANAGER_UNIT);
    assert.equal(await agent.systemd.property(RELAY_UNIT, 'ActiveState'), 'active');
    assert.equal(await agent.stored(), 2);
    await agent.start(); // nothing to do for the relay process, whose unit wants the manager
    await agent.systemd.systemctl('stop', RELAY_UNIT);
    assert.equal(await agent.systemd.property(MANAGER_UNIT, 'ActiveState'), 'active');
    assert.equal(await agent.stored(), 0);
  });
});
