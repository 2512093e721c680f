import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../../rpc/json/json-value.ts';
import { Database } from '../../rpc/ovsdb/database.ts';
import { DatabaseSchema } from '../../rpc/ovsdb/notation/schema.ts';
import { OvsdbServer } from '../../rpc/ovsdb/server/ovsdb-server.ts';
import { loadSchemaText } from '../../rpc/state/schema-file.ts';
import { State } from '../../rpc/state/state.ts';
import { eventually, Peers } from '../peers/process.ts';
import { ClientAgent } from './agents.ts';
import { FrontendProcess } from './frontends.ts';
import { addPort, mockBackend } from './hosts.ts';

describe('a database of another server that is taken back to an earlier state', function () {
  this.timeout(90_000);
  const peers = new Peers();
  after(() => peers.end());

  it('has what the agent knows again: nobody is said to have changed that, and nothing to be carried out that is not', async () => {
    const folder = peers.folder();
    const file = join(folder, 'conf.db');
    const schema = DatabaseSchema.fromJson(JSON.parse(loadSchemaText()) as Json);
    const [database, server] = [Database.open({ file, schema }), new OvsdbServer()];
    server.add(database);
    peers.defer(() => server.close());
    await server.listen(`punix:${join(folder, 'db.sock')}`);
    const remote = `unix:${join(folder, 'db.sock')}`;
    const agent = new ClientAgent(peers, 'taken', remote);
    await agent.start();
    await mockBackend(peers, `listen:${agent.path('be')}`, 'ovs-3.1');
    await addPort(agent);
    await agent.inState('vhu0', 'waiting-frontend');
    const { database: earlier, isRead } = Database.snapshot({ file, schema });
    assert.ok(isRead);

    for (const version of ['upstream.ovs-dpdk.v2.6', 'upstream.ovs-dpdk.v2.8'])
      await agent.must('pin', 'vhu0', version);
    const guest = new FrontendProcess(peers, `connect:${agent.path('fe')}`);
    await guest.offered();
    const { in_force: inForce } = await agent.inState('vhu0', 'negotiated');
    server.replace(earlier);
    database.close();
    await agent.peer.waitFor(/event=database-gone[\s\S]*event=database-connected/);
    const state = await State.connect(remote, { systemId: 'taken' });
    peers.defer(() => state.close());
    await eventually('the status of the guest', () => state.interface('vhu0').inForce === inForce);
    await sleep(1000);
    assert.doesNotMatch(agent.log, /VC-ROW-CHANGED/);
    const { curCfg, nextCfg } = state.host();
    assert.equal(curCfg, nextCfg);
    const client = state.client;
    const where: Json = [['system_id', '==', 'taken']];
    await client.transact('Vhost_Compat', [{ op: 'update', table: 'Host', where, row: { hostname: 'evil' } }]);
    await eventually('the name of the host', () => state.host().hostname === 'taken');
    assert.match(agent.log, /VC-ROW-CHANGED.*hostname=evil/);
  });
});
