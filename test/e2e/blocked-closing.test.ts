import assert from 'node:assert/strict';
import { encodeRequest } from '../../agent/vhost/header.ts';
import { writeU64 } from '../../agent/vhost/payloads.ts';
import { REQUESTS } from '../../compat-tables/protocol/requests.ts';
import { Peers } from '../peers/process.ts';
import { DescriptorSender, SlowFiles } from '../peers/slow-files.ts';
import { FrontendProcess } from './frontends.ts';
import { mockBackend } from './hosts.ts';
import { SupervisedAgent } from './supervised.ts';

const KICK = encodeRequest(REQUESTS.SET_VRING_KICK.id, writeU64(0n));

describe('an agent that closes a descriptor which never closes', function () {
  this.timeout(120_000);
  const peers = new Peers();
  let files: SlowFiles;
  before(async function () {
    files = await SlowFiles.mount(this, peers);
  });
  after(() => peers.end());

  it('is killed: the next relay process serves its guest and the port that sent it, and the manager goes on', async () => {
    const agent = await SupervisedAgent.start(peers, 'blocked');
    for (const name of ['vhu0', 'vhu1']) {
      await mockBackend(peers, `listen:${agent.path(`be-${name}`)}`, 'ovs-3.5');
      const [frontend, backend] = [`listen:${agent.path(name)}`, `connect:${agent.path(`be-${name}`)}`];
      await agent.must('add-interface', name, '--frontend', frontend, '--backend', backend);
    }
    const guest = new FrontendProcess(peers, `connect:${agent.path('vhu1')}`);
    const offered = await guest.offered();
    await agent.inState('vhu1', 'negotiated');
    const sender = new DescriptorSender(peers, agent.path('vhu0'), files);
    await sender.send(KICK, 1);
    await files.holds(1);
    assert.match((await agent.inState('vhu0', 'refused')).error ?? '', /VC-VHOST-FILE/);

    await agent.killAgent();
    assert.equal(files.held, 1, 'the closing goes on');
    await agent.inState('vhu1', 'negotiated');
    assert.equal(await guest.reconnect(), offered);
    await agent.inState('vhu0', 'waiting-frontend');
    const honest = new FrontendProcess(peers, `connect:${agent.path('vhu0')}`);
    assert.equal(await honest.offered(), offered);
    await agent.inState('vhu0', 'negotiated');
    assert.equal(files.held, 1, 'still');
  });
});
