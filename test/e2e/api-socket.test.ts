import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { Peers } from '../peers/process.ts';
import { TestAgent } from './agents.ts';

describe('a socket of the API that cannot be opened', function () {
  this.timeout(60_000);
  const peers = new Peers();
  after(() => peers.end());

  it('keeps no client of the database from being served, is an event, and is opened when it can be', async () => {
    const agent = new TestAgent(peers, 'taken');
    writeFileSync(agent.api, '');
    const started = agent.start();
    await agent.peer.waitFor(/event=fault code=VC-API-LISTEN .*it is tried again/);
    assert.equal((await agent.run('list-versions', '--all')).code, 0);
    assert.match(await agent.must('events'), /VC-API-LISTEN/);
    assert.doesNotMatch(agent.log, /event=(api-listening|manager-ended)/);
    rmSync(agent.api);
    await started;
    await agent.stop();
  });
});
