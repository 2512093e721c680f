import { existsSync } from 'node:fs';
import type { Json } from '../../rpc/json/types.ts';
import { DATABASE } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import { eventually, Peers } from '../peers/process.ts';
import type { TestAgent } from './agents.ts';
import { hostLike } from './hosts.ts';

describe('rows that clients write themselves', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let agent: TestAgent;
  let state: State;

  before(async () => {
    ({ agent } = await hostLike(peers, 'rows', 'ovs-3.1'));
    state = await State.connect(agent.db, { systemId: 'rows' });
    peers.defer(() => state.close());
  });
  after(() => peers.end());

  const update = (table: string, uuid: string, row: Record<string, Json>) =>
    state.client.transact(DATABASE, [{ op: 'update', table, where: [['_uuid', '==', ['uuid', uuid]]], row }]);

  it('give an interface another endpoint, also when its status is written right behind', async () => {
    const { uuid } = state.interface('vhu0');
    const moved = agent.path('moved');
    await Promise.all([
      update('Interface', uuid, { frontend: `listen:${moved}` }),
      update('Interface', uuid, { statistics: ['map', [['x', 1]]] }),
    ]);
    await eventually('the new socket', () => existsSync(moved));
    await eventually('the old socket gone', () => !existsSync(agent.path('fe')));
    await agent.inState('vhu0', 'waiting-frontend');
  });
});
