import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Json } from '../../rpc/json/json-value.ts';
import { OvsdbCallError } from '../../rpc/ovsdb/client/client-errors.ts';
import { OvsdbClient } from '../../rpc/ovsdb/client/ovsdb-client.ts';
import { DATABASE, loadSchemaText } from '../../rpc/state/schema-file.ts';
import { TestAgent, vhostCompat } from '../e2e/agents.ts';
import { Peers } from '../peers/process.ts';

/** A database client that may write tries to make the agent disagree with its own database. */
describe('a client that may write', function () {
  this.timeout(60_000);
  const peers = new Peers();
  let agent: TestAgent;
  let client: OvsdbClient;
  let squatter: Server;
  let port: number;
  let db: string;

  before(async () => {
    squatter = createServer();
    squatter.listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    ({ port } = squatter.address() as AddressInfo);
    const own = join(peers.folder(), 'db.sock');
    db = `unix:${own}`;
    const remotes = [`p${db}`, `ptcp:${port}:127.0.0.1`];
    agent = await TestAgent.start(
      peers,
      'writers',
      remotes.flatMap((remote) => ['--db-remote', remote]),
    );
    client = new OvsdbClient(db);
    await client.connect(10_000);
    peers.defer(() => client.close());
  });
  after(async () => {
    squatter.close();
    await peers.end();
  });

  it('finds an agent that serves though one of its addresses is taken, which it gets when it is free', async () => {
    await agent.peer.waitFor(/event=remote-failed/);
    assert.equal((await vhostCompat('-d', db, 'list-versions')).code, 0);
    squatter.close();
    await agent.peer.waitFor(new RegExp(`event=database-listening remote=ptcp:${port}`));
    const other = new OvsdbClient(`tcp:127.0.0.1:${port}`);
    await other.connect(10_000);
    other.close();
  });

  const schema = JSON.parse(loadSchemaText()) as { version: string; tables: Record<string, object> };
  const harms: { readonly title: string; readonly schema: object }[] = [
    {
      title: 'one more table',
      schema: { ...schema, version: '1.99.0', tables: { ...schema.tables, T: { columns: {} } } },
    },
    { title: 'nothing in it', schema: { ...schema, tables: {} } },
  ];
  for (const { title, schema: wanted } of harms) {
    it(`does not give the database of the agent a schema with ${title}`, async () => {
      await assert.rejects(client.call('convert', [DATABASE, wanted as Json]), (error: unknown) => {
        assert.ok(error instanceof OvsdbCallError, String(error));
        assert.match(JSON.stringify(error.answer), /"error":"not allowed"/);
        return true;
      });
      assert.equal((await vhostCompat('-d', db, 'list-versions')).code, 0);
    });
  }
});
