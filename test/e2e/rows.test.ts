import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Json } from '../../rpc/json/json-value.ts';
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

  it('change no version: what the agent published stands again, and an event says so', async () => {
    const version = 'upstream.ovs-dpdk.v2.6';
    const find = () => state.versions().find((one) => one.version === version) ?? assert.fail();
    const before = find();
    for (const mask of ['0x140000000', 'garbage']) {
      await update('Compat_Version', before.uuid, { digest: 'nonsense', virtio_features: mask });
      await eventually('the published version again', () => find().digest === before.digest);
      assert.deepEqual(find(), before);
    }
    await agent.peer.waitFor(
      /code=VC-ROW-CHANGED text="The database held upstream\.ovs-dpdk\.v2\.6 with virtio_features \\"0x140000000/,
    );
  });
});
